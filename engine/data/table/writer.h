/// A stream of record batches written as a file of the user.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

#include "data/table/table_format.h"
#include "ground/error.h"

namespace millgate {

/// Writes `rows` to `path` atomically (temporary file, synced, renamed), batch by batch; the format
/// is told by the name: .csv, .jsonl, .ndjson, .parquet, .arrow, .arrows. JSON has no NaN and no
/// infinity: they become null there. Returns the number of rows.
/// Errors: `conflict` when there is a file and it may not be overwritten; `outside`.
[[nodiscard]] Result<int64_t> write_table_file(arrow::RecordBatchReader& rows,
                                               const std::string& path, bool overwrite = true);

/// The same into an open descriptor, which stays open; `name` as in "standard output". Not `tsv`.
[[nodiscard]] Result<int64_t> write_table_stream(arrow::RecordBatchReader& rows, TableFormat format,
                                                 int descriptor, const std::string& name);

/// `rows` as CSV with a header line, appended to `out`.
[[nodiscard]] Status write_csv_text(arrow::RecordBatchReader& rows, std::string& out);

}  // namespace millgate
