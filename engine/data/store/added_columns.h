/// Columns that both sides of a merge added. Their base is null, so they are merged cell by cell as
/// the others are. For table_merge.cc.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// The columns, in the order of `ours`, that both have and `base` has not.
[[nodiscard]] std::vector<std::string> columns_added_by_both(const TableVersion& base,
                                                             const TableVersion& ours,
                                                             const TableVersion& theirs);

/// Brings the columns `names` to one type on both sides: a side with a narrower one becomes a
/// version with the wider. Errors: `conflict` when neither type holds the values of the other;
/// `damaged`, `outside`.
[[nodiscard]] Status widen_added_columns(ObjectStore& objects,
                                         const std::vector<std::string>& names, TableVersion& ours,
                                         TableVersion& theirs);

/// What both sides did since their base, with the columns of ours.
struct BothChanges {
  Changes ours;
  Changes theirs;
};

/// Puts the cells of the columns `names` into both: a cell that is not null changed from null, in
/// rows where the two sides differ; where they are equal there is nothing to merge. Costs these
/// rows, and reading the columns on both sides.
[[nodiscard]] Status put_added_cells(const ObjectStore& objects, const TableVersion& ours,
                                     const TableVersion& theirs,
                                     const std::vector<std::string>& names, BothChanges& changes);

/// `changes` to `ours`, where removed rows have what `ours` holds in the columns that `base` has
/// not: whoever removed a row may know nothing of them.
[[nodiscard]] Result<Changes> with_whole_removed_rows(const ObjectStore& objects,
                                                      const TableVersion& base,
                                                      const TableVersion& ours, Changes changes);

/// `changes` with the columns of `schema`, of which it has some: the others do not change, and
/// are null in inserted rows.
[[nodiscard]] Result<Changes> changes_with_schema(const Changes& changes,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::vector<std::string>& key);

}  // namespace millgate
