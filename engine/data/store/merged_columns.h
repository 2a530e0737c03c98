/// The columns that come out of a merge. For table_merge.cc.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_merge.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

struct MergedColumns {
  /// Those of ours without the dropped ones, then those that only others have, side by side; each
  /// in the widest type that any version gives it.
  std::shared_ptr<arrow::Schema> schema;
  /// Columns that some version added since a base: their cells are merged by added_columns.h, not
  /// by the changes since the base.
  std::vector<std::string> added;
  /// Columns that a side, or ours, has no more.
  std::vector<std::string> dropped;
};

/// Every column must have one name on all sides already. Errors: `conflict` for a column whose
/// types do not fit; `damaged`, `outside` for objects.
[[nodiscard]] Result<MergedColumns> merged_columns(const ObjectStore& objects,
                                                   const TableVersion& ours,
                                                   const std::vector<MergeSide>& sides);

/// `version` as it reads with the types of `merged`; its own columns, also dropped ones.
[[nodiscard]] TableVersion with_merged_types(const TableVersion& version,
                                             const MergedColumns& merged);

/// A version with the rows of `ours`, without the columns that were dropped, in the types of
/// `merged`: `ours` itself where that changes nothing. No segment is written anew.
[[nodiscard]] Result<TableVersion> with_merged_columns(ObjectStore& objects,
                                                       const TableVersion& ours,
                                                       const MergedColumns& merged);

}  // namespace millgate
