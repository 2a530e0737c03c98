/// What `explain --curve` and `explain --interactions` tell.
#pragma once

#include <span>
#include <string>

#include "app/session.h"
#include "ground/error.h"
#include "model/artifact/effect_curve.h"
#include "model/artifact/model.h"

namespace millgate {

/// A model and the features of the rows that it is asked about (row-major).
struct EffectRows {
  const Model& model;
  std::span<const double> features;
  bool hides_values = false;  ///< The policy for personal data hides the feature's values.
};

/// What the model tells of rows of features: calibrated where it is. `model` must outlive it.
[[nodiscard]] PredictRows told_by(const Model& model);

/// How predictions move with a feature. Errors: `invalid_input` for one that the model has not,
/// that is a category, or that has one value only.
[[nodiscard]] Result<int> show_curve(const Session& session, const EffectRows& rows,
                                     const std::string& feature);

/// Which pairs of the features that move predictions most work together. `order`: features, the
/// most important first.
[[nodiscard]] Result<int> show_interactions(const Session& session, const EffectRows& rows,
                                            const std::vector<size_t>& order);

}  // namespace millgate
