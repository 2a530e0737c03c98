/// One number that stands for a value where values are counted and compared as a whole.
#pragma once

#include <cstddef>

#include "data/feature/vector.h"

namespace millgate {

/// Of a value that is no text and not null: the number itself, microseconds of a time, and of a
/// list its length as a vector, which changes when another program makes embeddings; NaN where one
/// of its elements is null.
[[nodiscard]] double figure_of(const Vector& column, size_t row);

}  // namespace millgate
