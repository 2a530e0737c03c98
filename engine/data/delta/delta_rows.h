/// The rows of a Delta table as a stream.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "data/delta/delta_log.h"
#include "ground/error.h"

namespace millgate {

/// The rows of `snapshot`, file by file, with the columns of its schema in table types; values of
/// partitions come from the log, columns that a file lacks are null, rows that a deletion vector
/// deletes are left out. `folder` is that of the table.
///
/// Errors: `invalid_input` for columns that tables cannot hold, and for files outside of the
/// folder; `damaged` for a file that is missing, or of another size than the log says; those of
/// `read_deletion_vector`.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatchReader>> read_delta_rows(
    const std::string& folder, const DeltaSnapshot& snapshot);

}  // namespace millgate
