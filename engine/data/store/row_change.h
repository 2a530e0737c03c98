/// The rows of a table version as others may see them: some columns with other values.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// Immutable; `apply` may be called by several threads at once.
struct RowChange {
  std::shared_ptr<arrow::Schema> schema;  ///< Of the version, with the types that come out.
  /// For rows with any of the version's columns, in any order; gives as many columns and rows.
  std::function<Result<std::shared_ptr<arrow::RecordBatch>>(const arrow::RecordBatch&)> apply;
  /// The columns whose values change.
  std::vector<std::string> columns;
  /// Two of one name change rows of one version alike.
  std::string name;
  std::string text;  ///< What is done, for people: "mail masked".

  [[nodiscard]] bool changes(const std::string& column) const;
};

/// `rows` changed batch by batch; as they are when `change` is null. Errors of `rows` are passed
/// on.
[[nodiscard]] std::shared_ptr<arrow::RecordBatchReader> changed_rows(
    std::shared_ptr<arrow::RecordBatchReader> rows, std::shared_ptr<const RowChange> change);

/// How the rows of a version of `table` are changed; null: not at all.
using RowChanges = std::function<Result<std::shared_ptr<const RowChange>>(
    const std::string& table, const TableVersion& version)>;

}  // namespace millgate
