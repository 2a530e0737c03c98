/// An expression for all rows of a block at once. Inside the room.
#pragma once

#include <cstdint>
#include <vector>

#include "data/feature/typed_expression.h"
#include "data/feature/vector.h"

namespace millgate {

/// One value a row of `block`. `columns` maps the columns that `expression` was checked against to
/// those of the block. It has learned nothing.
[[nodiscard]] Vector whole_column(const TypedExpression& expression,
                                  const std::vector<uint32_t>& columns, const Block& block);

}  // namespace millgate
