/// Columns that have another name in another version of their table.
///
/// A column keeps the name that it got inside the files (`stored_name` of the manifest), so a new
/// name costs a manifest, and versions on both sides of a rename know that the column is the same.
#pragma once

#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// One column: what it is called in one version and in another.
struct ColumnRename {
  std::string before;
  std::string after;

  bool operator==(const ColumnRename&) const = default;
};

/// The columns of `before` that `after` has under another name, in the order of `after`. A column
/// whose name both have is the same column; of those that are left, two are the same when the files
/// hold them under one name.
[[nodiscard]] std::vector<ColumnRename> column_renames(const TableVersion& before,
                                                       const TableVersion& after);

/// The columns that `after` has instead of others with the very same cells in the very same rows:
/// their digests prove it. A column with one value in all rows proves nothing, nor does one of
/// which two others could be the origin; nor do versions without a key.
[[nodiscard]] std::vector<ColumnRename> proven_renames(const TableVersion& before,
                                                       const TableVersion& after);

/// `version` as it reads under other names; it keeps its id. Its columns have the names `before`.
/// Without a key it has no digests, because they hold the names.
[[nodiscard]] TableVersion with_renamed_columns(const TableVersion& version,
                                                const std::vector<ColumnRename>& renames);

/// What a column is called after `renames`.
[[nodiscard]] std::string renamed_to(const std::vector<ColumnRename>& renames,
                                     const std::string& name);

/// A new version with the same rows: one manifest. Only without a key the rows are read, because
/// names are part of their digests. One after the other, so that "a to b, b to c" is "a to c".
/// Errors: `not_found` for a column that is not there (nearest name, or what it is called now);
/// `invalid_input` for a name that another column has, and for an empty one; `damaged`.
[[nodiscard]] Result<TableVersion> rename_columns(ObjectStore& objects, const TableVersion& version,
                                                  const std::vector<ColumnRename>& renames);

/// What to say about a column that `version` has not: what it is called since it was renamed, or
/// the nearest name.
[[nodiscard]] std::string column_hint(const TableVersion& version, const std::string& name);

}  // namespace millgate
