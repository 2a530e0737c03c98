/// Rows read by another thread while the caller works.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

namespace millgate {

/// The batches of `rows`, each read while the caller looks at the one before it: one more batch is
/// in memory. Nothing is read before the first call. Errors come with the batch that they belong
/// to; what is being read when the reader goes is waited for.
[[nodiscard]] std::shared_ptr<arrow::RecordBatchReader> read_ahead(
    std::shared_ptr<arrow::RecordBatchReader> rows);

}  // namespace millgate
