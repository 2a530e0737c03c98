/// How the columns of a table's next version come from those of its parent.
#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <vector>

#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// For .cc files of this room.
struct ColumnPlan {
  /// The parent as the next version reads it: the columns that stay, in their new order and with
  /// their new types. It has no id.
  TableVersion kept;
  /// The next version without rows: schema, names, deltas; digests where they stay right.
  TableVersion next;
  std::vector<int> kept_columns;  ///< Of each column of `next`: its index in `kept`, or -1: new.
  std::vector<bool> recounted;    ///< Of each column of `next`: its digest must be counted anew.
  bool changes_schema = false;
};

/// Nothing when the next version must be written from new: there is no key, it is another one, or
/// one of its columns has another type.
[[nodiscard]] std::optional<ColumnPlan> plan_columns(const TableVersion& parent,
                                                     const std::shared_ptr<arrow::Schema>& schema,
                                                     const std::vector<std::string>& key);

/// Whether the values of a column can stay in their files and be read as `to`.
[[nodiscard]] bool widens(const TableVersion& version, int column, const arrow::DataType& to);

}  // namespace millgate
