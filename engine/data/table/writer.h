/// A stream of record batches written as a file of the user.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

#include "ground/error.h"

namespace millgate {

/// Writes `rows` to `path` atomically (temporary file, synced, renamed); the format is told by
/// the name as in reader.h (.csv, .parquet, .jsonl, .arrow). Returns the number of rows.
[[nodiscard]] Result<int64_t> write_table_file(arrow::RecordBatchReader& rows,
                                               const std::string& path);

/// `rows` as CSV with a header line, appended to `out`.
[[nodiscard]] Status write_csv_text(arrow::RecordBatchReader& rows, std::string& out);

}  // namespace millgate
