/// How large batches of rows are, so that memory is bounded by bytes and not by rows alone.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

namespace millgate {

/// What the rows of `batch` hold in memory; of a slice only its own rows count.
[[nodiscard]] int64_t bytes_of(const arrow::RecordBatch& batch);

/// How many rows like those of `batch` hold `bytes`: at least 1, at most `rows_max`.
[[nodiscard]] int64_t rows_that_fill(int64_t bytes, const arrow::RecordBatch& batch,
                                     int64_t rows_max);

}  // namespace millgate
