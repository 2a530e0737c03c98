/// The label of a task: an expression over rows in memory, with its place kept for errors.
#pragma once

#include <arrow/type_fwd.h>

#include <vector>

#include "data/feature/expression_text.h"
#include "data/feature/task.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

/// The columns that expressions can read, in the order of `schema`.
[[nodiscard]] std::vector<Field> fields_of(const arrow::Schema& schema);

/// One value a row: boolean, integer or number, and of a class any type. After an error in the
/// expression itself, `source.fault_span()` tells where.
[[nodiscard]] Result<Vector> evaluate_label(const ExpressionText& source, const arrow::Table& table,
                                            TaskKind kind = TaskKind::binary);

}  // namespace millgate
