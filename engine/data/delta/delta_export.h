/// The history of a table written as a Delta table: each commit that changed it is a version.
#pragma once

#include <cstdint>
#include <string>

#include "data/store/repository.h"
#include "data/store/row_change.h"
#include "ground/error.h"

namespace millgate {

/// What to export.
struct DeltaTarget {
  std::string table;
  Commit commit;                 ///< The last to export, with its first-parent ancestors.
  std::string folder;            ///< Of the Delta table; made when missing.
  RowChanges changes = nullptr;  ///< Of every version that is written.
};

/// What an export did.
struct DeltaExportReport {
  int64_t version = 0;  ///< The newest of the Delta table.
  int64_t new_versions = 0;
  int64_t new_files = 0;
  int64_t new_bytes = 0;   ///< Of the new files.
  int64_t file_count = 0;  ///< Of the newest version.
};

/// Goes on from the commit that the Delta table was last brought to. A version costs what its
/// commit changed: the parts of the table that are as before keep their files. Files are written
/// before the log that names them, so what is broken off leaves the table as it was; of two
/// exporters at once, each version is written by one, and both are done when it is there.
///
/// Errors: `not_found` for the table; `conflict` when the folder holds something else (another
/// table, a history that `commit` does not descend from, versions of other programs, rows that were
/// changed otherwise than now: old versions stay readable there);
/// `invalid_input` for columns that Delta does not have; `outside`.
[[nodiscard]] Result<DeltaExportReport> export_delta(Repository& repository,
                                                     const DeltaTarget& target);

}  // namespace millgate
