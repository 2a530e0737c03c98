/// Parts of a table version as files of a Delta table: which one holds which.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/delta/delta_action.h"
#include "data/store/repository.h"
#include "data/store/row_change.h"
#include "data/store/version_scan.h"
#include "ground/error.h"
#include "ground/file_store.h"

namespace millgate {

/// A version as it is exported. Refers to what it is made of.
struct ExportedVersion {
  const VersionScan& scan;
  const RowChange* change = nullptr;  ///< Null: its rows as they are.
};

/// What is in a part: equal texts mean equal rows. Kept in the tags of its file.
struct DeltaPart {
  std::string rows;                  ///< Hash of the segment and of what deltas change in it.
  std::vector<std::string> columns;  ///< Name, type and stored name of each.
};

[[nodiscard]] Result<DeltaPart> describe_part(const ExportedVersion& version, size_t part);

/// The files of a Delta table, by the part that is in each.
class DeltaPartFiles {
 public:
  explicit DeltaPartFiles(const std::map<std::string, DeltaFile>& files);

  /// Whether a file holds the part (and perhaps columns that were dropped since). It then stays,
  /// for this part alone.
  [[nodiscard]] bool keep(const DeltaPart& part);
  /// Those that no part asked for.
  [[nodiscard]] std::vector<DeltaFile> left() const;

 private:
  std::multimap<std::string, DeltaFile> by_rows_;
};

/// A file that was written, or was there with the same bytes.
struct WrittenPart {
  DeltaFile file;
  bool is_new = false;
};

/// Writes the rows of a part into a file named by its bytes and a number, so that its path is not
/// among `taken`; nothing when the part has no rows. A part that is a segment as it was stored is
/// copied, unless its rows are changed.
/// Errors: `not_found`, `damaged` for objects; `outside`.
[[nodiscard]] Result<std::optional<WrittenPart>> write_delta_part(
    const Repository& repository, const ExportedVersion& version, size_t part,
    const DeltaPart& what, const std::set<std::string>& taken, FileStore& files);

}  // namespace millgate
