/// Why a score is what it is: a base value and one contribution a feature.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// The scale on which contributions add up.
enum class ScoreScale {
  value,        ///< The prediction itself.
  log_odds,     ///< prediction = 1 / (1 + exp(-sum)).
  logarithm,    ///< prediction = exp(sum).
  signed_root,  ///< prediction = sum * |sum|.
};
[[nodiscard]] std::string_view to_text(ScoreScale scale);  ///< "log-odds".
/// The prediction that belongs to a sum of contributions.
[[nodiscard]] double prediction_of(ScoreScale scale, double sum);

/// Splits scores into contributions. Immutable; thread-safe.
///
/// Trees: exact TreeSHAP with absent features averaged over the training rows at each split
/// (tree_shap.h), equal to LightGBM's `pred_contrib`. Linear: coefficient times the distance from
/// the training mean. ONNX and ensembles: Shapley values by sampling (sampled_shapley.h), on the
/// scale of the prediction. In all, base value + contributions = the score on `scale()`, within
/// rounding; a feature that the model does not use has exactly 0.
class Explainer {
 public:
  virtual ~Explainer() = default;
  [[nodiscard]] virtual size_t feature_count() const = 0;
  [[nodiscard]] virtual ScoreScale scale() const = 0;
  /// The score when nothing is known of a row: the mean over training.
  [[nodiscard]] virtual double base_value() const = 0;
  /// One contribution for each number of row-major `features`; any number, as Scorer::score.
  virtual void explain(std::span<const double> features, std::span<double> out) const = 0;
};

/// Of a model's text; `format` as Model::Parts::model_format.
/// Errors: those of reading the text; `invalid_input` when the trees do not tell how many training
/// rows went each way, without which an absent feature cannot be averaged over.
[[nodiscard]] Result<std::shared_ptr<const Explainer>> load_explainer(const std::string& format,
                                                                      std::string_view text);
/// Of a stored model. Not part of Model: who only serves does not pay for its tables.
/// Errors: `not_found` when there is no such model; `damaged` with the part.
[[nodiscard]] Result<std::shared_ptr<const Explainer>> load_explainer(const ObjectStore& objects,
                                                                      const Id& model);

}  // namespace millgate
