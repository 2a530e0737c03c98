/// `backup`: all that a project cannot make anew goes to a remote; what is there stays there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/keep/backup.h"
#include "data/keep/remote.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

struct BackupOptions {
  /// Of the series. Projects that are not one another's past or future need different names.
  std::string name = {};
  std::string author = {};
  /// Trusts nothing of the backups before: asks the remote for every object, reads every file.
  bool full = false;
  unsigned transfers_at_once = 8;
  std::function<void(int64_t done, int64_t total)> progress = {};  ///< Objects; may be empty.
};

/// What became of one part.
struct BackupPart {
  std::string name;
  int64_t file_count = 0;
  int64_t size_bytes = 0;
  int64_t new_bytes = 0;  ///< That travelled.
};

struct BackupReport {
  Backup backup;
  int64_t object_count = 0;  ///< Commits, tables, folders, models that travelled.
  int64_t object_bytes = 0;
  std::vector<BackupPart> parts;
};

/// Holds the ledger as it is at one moment, every object that its events need or name, the logs of
/// predictions, feedback and outcomes, reports, the project file and the settings in `.millgate`.
/// Not: the files that sources name (their rows and files are in the commits), other code, caches.
///
/// Costs what is new since the backup before. Other processes may work meanwhile. Objects that are
/// broken here do not stop it: they are listed as lost unless the remote has them.
/// Errors: `conflict` when the series belongs to another ledger, or two backups are made at once;
/// `invalid_input` for the name; `damaged` for the ledger; `outside`.
[[nodiscard]] Result<BackupReport> make_backup(Repository& repository, Remote& remote,
                                               const BackupOptions& options);

}  // namespace millgate
