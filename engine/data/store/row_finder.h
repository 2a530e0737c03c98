/// Rows of a version, found by key one after the other.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "data/store/changes.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "data/store/version_scan.h"
#include "data/table/row_key.h"
#include "ground/error.h"

namespace millgate {

/// The rows of a version with its key and some columns; keys must rise from call to call. A part is
/// in memory at a time, and parts that no key lies in are not read. One thread at a time. For .cc
/// files of this room.
class RowFinder {
 public:
  /// Those of `fields` that `version` has are read, in these types.
  static Result<RowFinder> make(const ObjectStore& objects, const TableVersion& version,
                                const arrow::FieldVector& fields);

  /// Goes to the row with the key; `has_row` says whether there is one.
  Status find(std::string_view key);
  [[nodiscard]] bool has_row() const { return has_row_; }
  /// Whether the version has the column with this place in `fields`.
  [[nodiscard]] bool has_column_at(size_t field) const { return columns_[field] >= 0; }
  /// The cell of a column of `fields`; the null cell where the version has not the row or column.
  [[nodiscard]] Cell cell(size_t field) const {
    return has_row_ && columns_[field] >= 0 ? cell_at(static_cast<size_t>(columns_[field]))
                                            : Cell{};
  }
  /// The cell of a column of the key, in its order; the null cell without a row.
  [[nodiscard]] Cell key_cell(size_t part_of_key) const {
    return has_row_ ? cell_at(part_of_key) : Cell{};
  }

 private:
  RowFinder(std::shared_ptr<const VersionScan> scan, RowKeyEncoder encoder,
            std::vector<int> columns);
  [[nodiscard]] Cell cell_at(size_t column) const;

  std::shared_ptr<const VersionScan> scan_;
  RowKeyEncoder encoder_;
  std::vector<int> columns_;  ///< Of each of `fields`, its place behind the key; -1: none.
  std::optional<size_t> part_;
  std::shared_ptr<arrow::RecordBatch> rows_;
  RowKeys keys_;
  size_t row_ = 0;
  bool has_row_ = false;
};

}  // namespace millgate
