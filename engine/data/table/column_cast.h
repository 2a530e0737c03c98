/// Columns of typed rows (Parquet, Arrow, a query) changed into those of a table.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>

#include "ground/error.h"

namespace millgate {

/// What rows come from, for messages.
struct RowsPlace {
  std::string object;     ///< "`flights.parquet`", "the query".
  std::string path = {};  ///< Of a file; empty otherwise.
};

/// The columns of `own` with table types. Errors: `invalid_input` for a type that tables cannot
/// hold, and for two columns of one name.
[[nodiscard]] Result<std::shared_ptr<arrow::Schema>> table_schema_of(const arrow::Schema& own,
                                                                     const RowsPlace& place);

/// `rows` with the columns of `schema`, which has exactly theirs in any order, and table types. A
/// value that does not fit its type exactly is an error with its row; only digits of a time past
/// the microsecond are dropped. `fault` says what an error of `rows` itself means.
/// Errors: `invalid_input` for columns whose values could not mean the same in the other type.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> cast_rows(
    std::shared_ptr<arrow::RecordBatchReader> rows, std::shared_ptr<arrow::Schema> schema,
    RowsPlace place, std::function<Error(const arrow::Status&)> fault);

}  // namespace millgate
