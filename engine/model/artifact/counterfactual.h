/// What would have to be otherwise in a row for the model to say something else.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "model/artifact/effect_curve.h"

namespace millgate {

/// A row, and what it may become.
struct CounterfactualQuestion {
  PredictRows predict;
  std::span<const double> row;
  /// The values that each feature may take; empty: it stays as it is.
  std::vector<std::vector<double>> candidates;
  /// What counts as far for each feature: a change by that much has distance 1. 0: every change has
  /// distance 1, as of categories and from what is missing.
  std::vector<double> scale;
  std::function<bool(double prediction)> is_reached;
};

/// One feature at another value.
struct FeatureChange {
  size_t feature = 0;
  double value = 0;
};

/// Changes that together reach what was asked for.
struct Counterfactual {
  std::vector<FeatureChange> changes;  ///< By feature.
  double distance = 0;                 ///< Sum over the changes.
  double prediction = 0;
};

/// For each feature, and each pair of features neither of which reaches it alone, the nearest
/// values that reach what was asked for, if any do: fewer changes first, then the nearer, then in
/// the order of features. Every combination of candidates is tried, so nothing nearer is among
/// them.
[[nodiscard]] std::vector<Counterfactual> find_counterfactuals(
    const CounterfactualQuestion& question);

}  // namespace millgate
