/// A table of an SQLite file as a stream of Arrow record batches.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "data/table/reader.h"
#include "ground/error.h"

namespace millgate {

/// Whether the file at `path` begins as SQLite's do.
[[nodiscard]] bool is_sqlite_file(const std::string& path);

/// The rows of `table`, which may be a view, in the order in which SQLite gives them, as of one
/// moment. SQLite lets every cell have a type of its own, so the type of a column is that which
/// fits all of its cells: integers and reals are numbers, texts may be dates and times, blobs are
/// binary. Of `options`, the kept schema and the number of rows of a batch count.
///
/// Errors: `not_found` for the file and the table (nearest name); `invalid_input` with the row for
/// a cell that does not fit the kept schema, for a text that is not UTF-8; `outside`; `damaged`.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> read_sqlite_table(
    const std::string& path, const std::string& table, const ReadOptions& options);

}  // namespace millgate
