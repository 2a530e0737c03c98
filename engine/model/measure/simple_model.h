/// Models so simple that a better one must earn its keep: their names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

enum class SimpleModelKind {
  constant,    ///< The mean label.
  last_value,  ///< What the newest row said whose label was known before this row's time.
  linear,      ///< Logistic or linear regression on the same features.
  tree,        ///< One tree of eight leaves on the same features.
};

struct SimpleModel {
  SimpleModelKind kind = SimpleModelKind::constant;
  std::vector<std::string> groups;  ///< Of `last_value`: columns whose values a group shares.
};

/// "constant", "last value", "last value of COLUMN, COLUMN", "linear", "tree".
/// Errors: `invalid_input` with the nearest name.
[[nodiscard]] Result<SimpleModel> read_simple_model(std::string_view text);

[[nodiscard]] std::string_view to_text(SimpleModelKind kind);

}  // namespace millgate
