/// Whether a model's explanations can be relied on, and how many features they need.
#pragma once

#include <cstdint>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/explainer.h"
#include "model/artifact/model.h"

namespace millgate {

/// The strongest features of a row that are held beside each other.
inline constexpr size_t kStrongest = 3;
/// Share of all that contributes which features must hold to carry the decision.
inline constexpr double kCarriedShare = 0.9;

struct ExplanationQuality {
  /// Largest difference of the scorer's answer and the one that base value and contributions add up
  /// to (local accuracy, Lundberg and Lee 2017), on the scale of predictions before calibration.
  double additivity_error = 0;
  /// Fewest features that hold `kCarriedShare` of the mean absolute contribution.
  int64_t carrying_features = 0;
  /// Of each row: the share of its `kStrongest` features (by absolute contribution) that stay so
  /// when inputs have the noise of disturbance.h (feature agreement, Krishna et al. 2022). Features
  /// that contribute nothing are none of them.
  std::vector<double> agreement;
};

/// `inputs`: columns as features().inputs(). Same seed, same noise. Errors: `invalid_input` without
/// rows; as FeatureProgram::evaluate.
[[nodiscard]] Result<ExplanationQuality> measure_explanations(const Model& model,
                                                              const Explainer& explainer,
                                                              const Block& inputs, uint64_t seed);

}  // namespace millgate
