/// What no export of features has. Inside the room.
#pragma once

#include <optional>
#include <string>

#include "data/feature/typed_expression.h"

namespace millgate {

/// A function of an expression that has no counterpart elsewhere.
struct Unexported {
  std::string function;
  std::string why;
};

/// Lists, and texts whose words are counted. Nothing: an export may have the expression.
[[nodiscard]] std::optional<Unexported> find_unexported(const TypedExpression& expression);

}  // namespace millgate
