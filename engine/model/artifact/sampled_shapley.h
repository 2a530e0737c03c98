/// Shapley values of any scorer, by sampling. Inside the room: used by `load_explainer`.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/feature/program.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/explainer.h"
#include "model/measure/distribution.h"

namespace millgate {

/// How exact, and from where.
struct ShapleySampling {
  int walks = 100;  ///< Orders of features a row; each is walked forwards and backwards.
  uint64_t seed = 1;
};

/// Rows that stand for "nothing is known of this feature": `count` of them, each feature drawn by
/// itself from its training profile (missing values included; categories by their codes). Features
/// are drawn independently of each other, so combinations may be ones that never were.
[[nodiscard]] std::vector<double> background_rows(const FeatureProgram& features,
                                                  const std::vector<Profile>& profiles,
                                                  size_t count, uint64_t seed);

/// Splits a prediction into what each feature adds, on the scale of the prediction itself. An
/// absent feature takes its value from one of the `background` rows (row-major); the base value is
/// their mean prediction. Each walk pairs the row with a background row and turns features of the
/// one into those of the other in a random order and in the opposite one (antithetic); what the
/// prediction changes at a feature is its share. So base value + contributions = the prediction
/// within rounding, however few walks; their error falls with the square root of the walks. Equal
/// bits for equal rows: orders depend on the seed alone.
[[nodiscard]] std::shared_ptr<const Explainer> make_sampled_explainer(
    std::shared_ptr<const Scorer> scorer, std::vector<double> background,
    const ShapleySampling& sampling = {});

}  // namespace millgate
