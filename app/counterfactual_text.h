/// What `explain --change` tells: what would have to be otherwise for another answer.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/session.h"
#include "ground/error.h"
#include "model/artifact/model.h"

namespace millgate {

/// One row and what is wanted of it.
struct ChangeWish {
  const Model& model;
  std::span<const double> features;  ///< Of the row.
  double prediction = 0;             ///< What the model tells of it.
  std::vector<std::string> keep;     ///< Features that stay as they are.
  std::optional<double> until;       ///< The prediction to reach; nothing: the other decision.
  /// A value of a feature as a person may see it.
  std::function<std::string(const Feature&, double)> value_text;
};

/// Errors: `invalid_input` for an unknown feature to keep, a value without `until`, or a model
/// without a training profile.
[[nodiscard]] Result<int> show_changes(const Session& session, const ChangeWish& wish, size_t top);

}  // namespace millgate
