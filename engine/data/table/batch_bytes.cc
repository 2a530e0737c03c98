#include "data/table/batch_bytes.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

namespace millgate {

int64_t bytes_of(const arrow::RecordBatch& batch) {
  return arrow::util::ReferencedBufferSize(batch).ValueOr(0);
}

int64_t rows_that_fill(int64_t bytes, const arrow::RecordBatch& batch, int64_t rows_max) {
  const int64_t row_bytes = bytes_of(batch) / std::max<int64_t>(batch.num_rows(), 1);
  return std::clamp<int64_t>(bytes / std::max<int64_t>(row_bytes, 1), 1, rows_max);
}

}  // namespace millgate
