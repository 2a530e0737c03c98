/// Labels of a task of several classes. Inside the room.
#pragma once

#include <vector>

#include "data/feature/task.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

/// The number of its class in `task.classes` for each value of `labels`; NaN where it is null.
/// Whole numbers are compared as their digits, booleans as `true` and `false`.
/// Errors: `invalid_input` at `classes` for a value that is none of them, with all that are missing
/// (at most ten of them), and at `label` for a fraction or a time.
[[nodiscard]] Result<std::vector<double>> class_numbers(const Task& task, const Vector& labels);

}  // namespace millgate
