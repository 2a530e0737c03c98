/// Columns of a table as Croissant and its readers take them.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// One column, or a member of a struct.
struct CroissantColumn {
  std::string name;
  std::string data_type;  ///< "sc:Integer"; of a list, that of its items; empty with `members`.
  bool repeated = false;  ///< A list of such values.
  std::string note;       ///< What the type does not say; may be empty.
  std::vector<CroissantColumn> members = {};  ///< Of a struct, or of the items of a list.
  /// In the Parquet file.
  std::shared_ptr<arrow::DataType> stored;
};

/// How the columns of `version`, which has its statistics (counted_version), stand in the file.
///
/// A reader of Croissant takes rows through pandas: a column of integers in which some are missing
/// would lose what goes past 2^53, and decimals that go past 15 digits have no type there. Such
/// integers are stored as decimals without a fraction, such decimals as texts. A map is stored as a
/// list of its entries, each with a `key` and a `value`.
/// Errors: `invalid_input` for a type that Croissant has not: lists of lists.
[[nodiscard]] Result<std::vector<CroissantColumn>> croissant_columns(const TableVersion& version);

/// `rows` with the columns as stored; errors of `rows` are passed on.
[[nodiscard]] std::shared_ptr<arrow::RecordBatchReader> stored_rows(
    std::shared_ptr<arrow::RecordBatchReader> rows, const std::vector<CroissantColumn>& columns);

}  // namespace millgate
