/// Bodies of Arrow and Parquet.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ground/error.h"
#include "system/serve/row_columns.h"

namespace millgate {

/// What a packed body may become in memory.
inline constexpr int64_t kUnpackedBytesMax = int64_t{512} << 20;

/// The columns of an Arrow IPC stream. NaN is null, a whole number fits an integer, and a text a
/// time or a duration. Stops at the first batch beyond `rows_max` rows.
/// Errors: `invalid_input` with what Arrow says of the bytes; `refused` for more rows,
/// or more bytes than kUnpackedBytesMax.
[[nodiscard]] Result<std::unique_ptr<ColumnSource>> open_arrow_body(std::string_view body,
                                                                    size_t rows_max);
/// The same of a Parquet file.
[[nodiscard]] Result<std::unique_ptr<ColumnSource>> open_parquet_body(std::string_view body,
                                                                      size_t rows_max);

}  // namespace millgate
