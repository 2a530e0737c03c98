#include "model/study/loss_scale.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <utility>

#include "model/measure/bin_counts.h"
#include "model/measure/slice_search.h"

namespace millgate {

namespace {

double earned_by(const Utility& utility, bool decision, bool label) {
  if (decision) return label ? utility.true_positive : utility.false_positive;
  return label ? utility.false_negative : utility.true_negative;
}

std::vector<double> as_numbers(const std::vector<int64_t>& counts) {
  return {counts.begin(), counts.end()};
}

}  // namespace

Result<FeatureValues> feature_values(const Model& model, const Block& inputs) {
  const size_t width = model.features().features().size();
  std::vector<double> values(inputs.rows * width);
  EvaluationScratch scratch;
  MILLGATE_TRY(model.features().evaluate(inputs, values, scratch));
  FeatureValues found{inputs.rows, std::vector<std::vector<double>>(width)};
  for (size_t f = 0; f < width; ++f) {
    found.columns[f].reserve(inputs.rows);
    for (size_t row = 0; row < inputs.rows; ++row) {
      found.columns[f].push_back(values[row * width + f]);
    }
  }
  return found;
}

Result<LossScale> LossScale::of(const Model& model, const Block& inputs,
                                std::span<const double> labels,
                                const std::optional<Utility>& utility) {
  LossScale scale;
  MILLGATE_ASSIGN(scale.features_, feature_values(model, inputs));
  std::vector<Prediction> predictions;
  Model::Scratch scratch;
  MILLGATE_TRY(model.predict(inputs, predictions, scratch));
  std::vector<double> values;
  values.reserve(predictions.size());
  for (const Prediction& one : predictions) values.push_back(one.value);
  const bool is_binary = model.manifest().task_kind == "binary";
  scale.loss_name_ = is_binary ? "log_loss" : "squared_error";
  MeasureOptions how;
  how.regression = !is_binary;
  scale.losses_ = row_losses({.label = labels, .prediction = values}, how);
  for (const double loss : scale.losses_) scale.loss_ += loss;
  scale.loss_ /= static_cast<double>(std::max<size_t>(scale.losses_.size(), 1));
  if (is_binary && utility) {
    scale.earned_.reserve(predictions.size());
    for (size_t i = 0; i < predictions.size(); ++i) {
      scale.earned_.push_back(earned_by(*utility, predictions[i].decision, labels[i] > 0.5));
    }
  }
  const auto& features = model.features().features();
  scale.names_.reserve(features.size());
  scale.is_category_.reserve(features.size());
  for (const Feature& feature : features) {
    scale.names_.push_back(feature.name);
    scale.is_category_.push_back(feature.is_category);
  }
  scale.importance_ = model.scorer().importance();
  scale.importance_.resize(features.size());
  const double tail = 0.025 / static_cast<double>(features.size());
  scale.deviations_ = boost::math::quantile(boost::math::normal_distribution<double>(), 1 - tail);
  return scale;
}

FeatureDrift LossScale::weigh(size_t feature, std::span<const double> reference,
                              std::span<const double> current) const {
  // By both sides: rows beyond what was seen before must not share a bin with what was.
  std::vector<double> both(reference.begin(), reference.end());
  both.insert(both.end(), current.begin(), current.end());
  const FeatureBins bins(both, is_category_[feature]);
  const std::vector<int64_t> reference_counts = bins.counts(reference);
  const std::vector<int64_t> current_counts = bins.counts(current);
  const auto harm = [&](const std::vector<double>& losses) {
    return shift_harm(bins.losses(features_.columns[feature], losses), reference_counts,
                      current_counts, deviations_);
  };
  FeatureDrift drift;
  drift.name = names_[feature];
  drift.effect = total_variation({as_numbers(reference_counts), as_numbers(current_counts)});
  drift.importance = importance_[feature];
  drift.loss = harm(losses_);
  if (!earned_.empty()) drift.earned = harm(earned_);
  return drift;
}

}  // namespace millgate
