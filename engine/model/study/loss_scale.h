/// What the drift of features does to a model, weighed by rows with labels that it has not learned
/// from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/quality.h"
#include "model/measure/shift_harm.h"

namespace millgate {

/// Features of rows, a column each, in the order of the model.
struct FeatureValues {
  size_t rows = 0;
  std::vector<std::vector<double>> columns;
};

/// Errors: those of FeatureProgram::evaluate.
[[nodiscard]] Result<FeatureValues> feature_values(const Model& model, const Block& inputs);

/// One feature on both sides.
struct FeatureDrift {
  std::string name;
  double effect = 0;      ///< Total variation over the bins of shift_harm.h: 0 to 1.
  double importance = 0;  ///< Share of the model's gain; 0 where the model tells none.
  ShiftHarm loss;         ///< Log loss (binary) or squared error, per row: more is worse.
  /// What the model's decisions earn per row, by the project's utility: less is worse.
  std::optional<ShiftHarm> earned;
  /// That the loss grows is sure: 95 % by all features together (Bonferroni).
  [[nodiscard]] bool does_harm() const { return loss.lower > 0; }
};

/// Labelled rows as a model answers them.
class LossScale {
 public:
  /// `labels` beside the rows of `inputs`. Errors: those of predicting.
  [[nodiscard]] static Result<LossScale> of(const Model& model, const Block& inputs,
                                            std::span<const double> labels,
                                            const std::optional<Utility>& utility);

  /// "log_loss" or "squared_error".
  [[nodiscard]] const std::string& loss_name() const { return loss_name_; }
  /// Mean of the labelled rows.
  [[nodiscard]] double loss() const { return loss_; }
  /// Of the labelled rows.
  [[nodiscard]] const FeatureValues& features() const { return features_; }

  /// The feature at `feature`, whose values are `reference` and `current` on the two sides.
  [[nodiscard]] FeatureDrift weigh(size_t feature, std::span<const double> reference,
                                   std::span<const double> current) const;

 private:
  LossScale() = default;
  std::string loss_name_;
  double loss_ = 0;
  FeatureValues features_;
  std::vector<double> losses_;
  std::vector<double> earned_;  ///< Empty without a utility.
  std::vector<std::string> names_;
  std::vector<bool> is_category_;
  std::vector<double> importance_;
  double deviations_ = 0;
};

}  // namespace millgate
