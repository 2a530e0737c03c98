/// The rows of a table version part by part, with what its deltas changed.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/store/changes.h"
#include "data/store/segment_file.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// A part is the range of keys of one segment: from its first key (the first part: from the
/// beginning) to that of the next. A version without segments has one part.
///
/// Holds the changes of all deltas in memory; they are a small share of the table. Immutable;
/// thread-safe; may outlive the store it reads from.
class VersionScan {
 public:
  /// Errors: `not_found`, `damaged` for deltas.
  [[nodiscard]] static Result<std::shared_ptr<const VersionScan>> make(const ObjectStore& objects,
                                                                       const TableVersion& version);

  [[nodiscard]] const TableVersion& version() const { return version_; }
  [[nodiscard]] size_t part_count() const { return begins_.size(); }
  /// The part whose range holds `key`.
  [[nodiscard]] size_t part_of(std::string_view key) const;
  /// What the deltas change in all parts that do not hold it already.
  [[nodiscard]] const Changes& changes() const { return changes_; }
  /// Rows of `changes()` in a part: [first, second).
  [[nodiscard]] std::pair<int64_t, int64_t> changes_in(size_t part) const;
  /// Of the part, changed or not; an upper bound where `changes()` lacks what was before.
  [[nodiscard]] int64_t row_count(size_t part) const;

  /// The columns of the schema with the indices `columns`, in key order, as one batch.
  /// Errors: `not_found`, `damaged` (also when the deltas do not fit the segment).
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read(
      size_t part, const std::vector<int>& columns, const ParquetReading& reading) const;
  /// All columns.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read(size_t part) const;
  /// The rows of the segment as they were before any delta; null when there is no segment.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> read_base(
      size_t part, const std::vector<int>& columns, const ParquetReading& reading) const;

 private:
  VersionScan(const ObjectStore& objects, TableVersion version)
      : objects_(objects), version_(std::move(version)) {}
  [[nodiscard]] Status load_changes();

  ObjectStore objects_;
  TableVersion version_;
  Changes changes_;
  std::vector<int64_t> begins_;  ///< Of each part: its first row of `changes_`.
};

/// The net changes of the deltas `deltas`, which lie one upon the other over `version`, in the
/// parts that need them: delta number i (of the version) is left out of segments that folded it.
[[nodiscard]] Result<Changes> net_changes(const ObjectStore& objects, const TableVersion& version,
                                          size_t first_delta);

}  // namespace millgate
