/// Files of the user as a stream of Arrow record batches, in bounded memory.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Which rows of text files tell the types of columns that no schema decides.
enum class TypesBy {
  all_rows,
  /// Of large CSV files only the first ones, which saves a reading. A later value that would have
  /// made the types others is an error that `is_late_type` knows: read again by all rows.
  first_rows,
};

struct ReadOptions {
  /// Types that were decided before (by the last commit of the table). Null: infer them.
  /// A value that does not fit is an error with its place, and so is a missing or new column.
  std::shared_ptr<arrow::Schema> kept_schema;
  TypesBy types_by = TypesBy::all_rows;
  std::vector<std::string> null_texts = {"", "NA"};  ///< CSV only.
  int64_t batch_rows = 65'536;  ///< At most; fewer where rows are long, to bound memory.
};

/// Streams `paths` one after the other; they must agree in their columns. The format is told
/// by the name (table_format.h): .csv, .tsv, .jsonl, .ndjson (each also .gz), .parquet, .arrow,
/// .arrows.
///
/// Text must be UTF-8 (a byte-order mark is skipped); times become timestamp[us, UTC] where
/// they carry a zone and timestamp[us] where not; dates date32. Types are inferred over all
/// rows, not over the first ones: boolean, int64, double, date, timestamp, else string.
///
/// Errors: `not_found`; `invalid_input` with "file:line" and the value for a bad line, for a
/// truncated or empty file. No line is ever dropped.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> read_table_files(
    const std::vector<std::string>& paths, const ReadOptions& options);

/// Whether the types that the first rows told are not those of all rows.
[[nodiscard]] bool is_late_type(const Error& error);

}  // namespace millgate
