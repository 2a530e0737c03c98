/// What differs between two versions of a table: schema, rows, cells.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/column_rename.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// A column that one version has and the other has not, or has with another type.
struct ColumnChange {
  std::string name;
  std::string type_before;  ///< Empty: the column is new.
  std::string type_after;   ///< Empty: the column is gone.
};

struct TableDiff {
  std::vector<ColumnChange> columns;
  /// Columns with another name: everything else here calls them as the version after does.
  std::vector<ColumnRename> renames;
  bool key_changed = false;
  int64_t inserted_count = 0;
  int64_t updated_count = 0;
  int64_t removed_count = 0;
  /// The columns that both versions have: their names, and in how many rows that are in both
  /// the cell changed.
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int64_t> changed_cells;
  /// The changed rows, with the columns of `schema`; the first in the order of the key when there
  /// are more than were asked for. For a table without a key there are no updated rows.
  Changes changes;
  bool complete = true;  ///< `changes` holds all of them.

  [[nodiscard]] int64_t row_count() const { return inserted_count + updated_count + removed_count; }
  [[nodiscard]] bool any() const {
    return key_changed || !columns.empty() || !renames.empty() || row_count() > 0;
  }
};

struct DiffOptions {
  int64_t rows_max = 1'000'000;  ///< Rows kept in `changes`; the counts are always of all.
};

/// How `after` differs from `before`. Segments that both share are not read; there the deltas
/// tell. A column that got another name is the same column (store/column_rename.h). Rows are
/// matched by key, without one by content. When the keys differ, rows are not compared. Errors:
/// `not_found`, `damaged` for objects.
[[nodiscard]] Result<TableDiff> diff_versions(const ObjectStore& objects,
                                              const TableVersion& before, const TableVersion& after,
                                              const DiffOptions& options = {});

/// `version` with some of its columns only, in this order and as these types, which its own must
/// be or have been widened to. It has no digests.
[[nodiscard]] TableVersion version_with_columns(const TableVersion& version,
                                                const std::shared_ptr<arrow::Schema>& schema);

}  // namespace millgate
