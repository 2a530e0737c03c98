/// Cells of columns that the versions of a merge added since their bases. For table_merge.cc.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/merged_columns.h"
#include "data/store/object_store.h"
#include "data/store/table_merge.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// What is merged, under the names that come out.
struct MergedVersions {
  const TableVersion& ours;
  const std::vector<MergeSide>& sides;
  const MergedColumns& columns;
};

/// Puts the cells of `columns.added` that the sides have into `merge.version`, whose rows are
/// merged already. A cell has changed when it is not what the base has; where the base has not the
/// column that is null, and in a row that is new every cell has. A cell that one side changed is
/// taken, others are settled, or become conflicts of `merge`. `changes` are those that made
/// `merge.version` of ours, to count no row twice.
///
/// Nothing is read when no side has such a column. Columns that the one side alone has are taken
/// over as they lie (taken_columns.h), where that can be, and the rows that only get their cells do
/// not count as merged. Else the added columns of all versions are read part by part, and the rows,
/// as when a file with another column is committed.
[[nodiscard]] Status put_added_cells(ObjectStore& objects, const MergedVersions& versions,
                                     const MergeOptions& options, const Changes& changes,
                                     TableMerge& merge);

/// `changes` to `ours`, where removed rows have what `ours` holds in the columns `names`: whoever
/// removed a row may know nothing of them.
[[nodiscard]] Result<Changes> with_whole_removed_rows(const ObjectStore& objects,
                                                      const TableVersion& ours,
                                                      const std::vector<std::string>& names,
                                                      Changes changes);

/// `changes` with the columns of `schema`, of which it has some: the others do not change, and
/// are null in inserted rows; so are the columns `without`.
[[nodiscard]] Result<Changes> changes_with_schema(const Changes& changes,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::vector<std::string>& without,
                                                  const std::vector<std::string>& key);

}  // namespace millgate
