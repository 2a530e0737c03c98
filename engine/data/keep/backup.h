/// A backup: all that a project cannot make anew, at one moment, in a remote.
/// Format: docs/formats/backup.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/keep/remote.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// One of a series. It names what it consists of; all of it lies in the remote as objects.
struct Backup {
  Id object;           ///< Holds the rest; zero before it is written.
  std::string name;    ///< Of the series: one project on one machine.
  int64_t number = 0;  ///< 1, 2, 3 ...
  Time time;
  std::string author;
  int64_t event_count = 0;  ///< Of the ledger. What its events need is part of the backup.
  Id newest_event;          ///< `id` of the last of them: tells whether a ledger goes on from here.
  /// "state" (ledger, project file, settings of `.millgate`), "predictions", "feedback",
  /// "reports" -> tree (data/tree).
  std::map<std::string, Id> parts;
  /// Objects that the ledger needs and that were damaged or missing in the project already, with
  /// no good copy in the remote.
  std::vector<Id> lost;
};

/// Name of a series -> numbers of its backups, the oldest first. Errors: `outside`.
[[nodiscard]] Result<std::map<std::string, std::vector<int64_t>>> list_backups(
    const Remote& remote);

/// Errors: `not_found`, `damaged`, `outside`; `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<Backup> read_backup(const Remote& remote, const std::string& name,
                                         int64_t number);

/// To be called after everything that it names is there. Errors: `conflict` when there is one of
/// that number; `outside`.
[[nodiscard]] Status write_backup(const Remote& remote, const Backup& backup);

/// Takes the backup out of its series; what only it needed is collected as garbage later.
/// Errors: `not_found`; `outside`.
[[nodiscard]] Status remove_backup(Remote& remote, const std::string& name, int64_t number);

}  // namespace millgate
