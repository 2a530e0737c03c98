/// Which rows of a ranking task are ranked together. Inside the room.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "data/feature/task.h"
#include "ground/error.h"

namespace millgate {

/// One int64 a row of the task's table: the number of its group, counted by first occurrence.
/// Errors: `invalid_input` at `group` for a column that is none (nearest name), and where one is
/// null, with how many rows.
[[nodiscard]] Result<std::shared_ptr<arrow::ChunkedArray>> query_column(const Task& task,
                                                                        const arrow::Table& table);

}  // namespace millgate
