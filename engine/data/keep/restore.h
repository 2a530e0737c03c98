/// `restore`: a project as it was when it was backed up, in an empty place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "data/keep/backup.h"
#include "data/keep/remote.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

struct RestoreOptions {
  std::string name = {};  ///< Of the series; empty: the only one that is there.
  int64_t number = 0;     ///< 0: the newest.
  std::string author = {};
  unsigned transfers_at_once = 8;
  std::function<void(int64_t done, int64_t total)> progress = {};  ///< Objects; may be empty.
};

/// What was forgotten after the backup had been made, as the remote knows.
struct RestoredForget {
  int64_t event_number = 0;  ///< In the restored ledger.
  std::string table;
  int64_t row_count = 0;
};

struct RestoreReport {
  Backup backup;
  int64_t object_count = 0;  ///< That travelled; an attempt that broke off is gone on with.
  int64_t object_bytes = 0;
  std::vector<std::pair<std::string, int64_t>> parts;  ///< Part -> files.
  /// Objects that the project had lost before, and those that the remote has lost since.
  std::vector<Id> lost;
  std::vector<std::string> lost_parts;  ///< "predictions: pack ... is damaged".
  std::vector<RestoredForget> forgets;  ///< That the backup does not know; their rows are left out.
  std::vector<std::string> left;        ///< Files that were there already and were not touched.
  [[nodiscard]] bool whole() const { return lost.empty() && lost_parts.empty(); }
};

/// Makes `.millgate` in `project_folder`, at last and by one rename, from the backup: the ledger,
/// whose chain is proved and must end with the event that the backup names; every object, proved
/// by its hash; the logs; then the project file and the reports, where there are none yet. What
/// the remote has lost is listed, and all else is restored. What the project forgot after that
/// backup is forgotten in what is restored, as far as the remote knows of it by a newer backup or
/// a push: its objects are not fetched, and an event `forget` each says so. The logs come as they
/// were. An event `restore` says that it happened.
/// Errors: `conflict` when there is a project; `not_found` for the series, with the nearest name,
/// or the number; `damaged` when the ledger cannot be had; `outside`.
[[nodiscard]] Result<RestoreReport> restore_backup(Remote& remote,
                                                   const std::string& project_folder,
                                                   const Clock& clock,
                                                   const RestoreOptions& options);

}  // namespace millgate
