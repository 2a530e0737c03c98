/// Rows from anywhere as the next version of a table.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/column_rename.h"
#include "data/store/repository.h"
#include "data/store/table_version.h"
#include "data/table/reader.h"
#include "ground/error.h"

namespace millgate {

/// What becomes all rows of a table.
struct TableImport {
  std::string table;
  std::vector<std::string> key;
  /// The rows from the first one on; may be called again. Unless `kept` is null, with its columns
  /// and types, or an error. `types_by` is for text files.
  std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>(
      const std::shared_ptr<arrow::Schema>& kept, TypesBy types_by)>
      open;
  /// Sort at once. Without it, rows are first taken to be in order, as files mostly are; those that
  /// turn out not to be are read twice.
  bool sorts_first = false;
  /// Take the columns as they are. Without it the table keeps those of `before`.
  bool accept_schema = false;
  /// Columns of `before` that the rows call otherwise: the same columns, whatever else changed.
  std::vector<ColumnRename> renames = {};
};

/// The version after `before`: what did not change is not written again. Nothing refers to it yet.
/// Errors: those of the rows; `invalid_input` for keys and columns that do not fit, with the hint
/// to accept other columns where these alone are in the way.
[[nodiscard]] Result<TableVersion> import_rows(Repository& repository, const TableImport& import,
                                               const std::optional<TableVersion>& before);

}  // namespace millgate
