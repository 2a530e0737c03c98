/// One input at another value: "wind = wind * 1.609", for questions of the form "what if".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

struct InputChange {
  std::string column;
  std::string expression;  ///< Over the inputs, in the language of features.
};

/// "column = expression". Errors: `invalid_input` where one side is missing.
[[nodiscard]] Result<InputChange> read_input_change(std::string_view text);

/// `block`, whose columns are `fields`, with the value of the expression in the column's place,
/// row by row. Numbers for a column of integers are rounded.
/// Errors: `invalid_input` for a column that is not there, an expression that cannot be compiled
/// against `fields`, and one whose type is not that of the column.
[[nodiscard]] Result<Block> change_input(const Block& block, const std::vector<Field>& fields,
                                         const InputChange& change);

}  // namespace millgate
