/// Removes from a remote what none of its branches, tags and backups needs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/keep/remote.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct RemoteGarbageOptions {
  /// Series -> numbers of backups that are taken out of it first. Never its newest.
  std::map<std::string, std::vector<int64_t>> backups_to_remove = {};
  std::string author = {};
  bool dry_run = false;
  unsigned transfers_at_once = 8;
};

struct RemoteGarbageReport {
  int64_t kept_count = 0;
  std::vector<Id> removed;  ///< With `dry_run`: would be.
  int64_t removed_bytes = 0;
  std::map<std::string, std::vector<int64_t>> removed_backups;  ///< By series.
};

/// What every branch and tag names, and every backup of every series, stays, with all that it
/// needs: of rows that a project has forgotten only what took their place, as far as the remote was
/// told. What a push or a backup
/// that broke off has sent already goes too. Nobody adds to the remote meanwhile (RemoteLock).
/// Objects that `repository` has as well are read there; its scratch folder is used.
/// Errors: `invalid_input` for the newest backup of a series; `not_found` for one that is none;
/// `conflict` when somebody is at work there; `damaged` when something that is needed
/// cannot be read, since what it needs in turn is unknown then (nothing is removed); `outside`.
[[nodiscard]] Result<RemoteGarbageReport> collect_remote_garbage(
    const Repository& repository, Remote& remote, const RemoteGarbageOptions& options);

}  // namespace millgate
