#include "model/poison/left_out_model.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ground/random.h"
#include "model/learn/learner.h"

namespace millgate {

namespace {

constexpr size_t kOutsideMin = 10;
constexpr size_t kValidEvery = 5;

Examples examples_of(const SuspectRows& rows, size_t label, const std::vector<size_t>& chosen) {
  const size_t width = rows.columns.size();
  Examples examples;
  examples.features.reserve(chosen.size() * width);
  examples.labels.reserve(chosen.size());
  for (const size_t row : chosen) {
    const auto begin = rows.features.begin() + static_cast<ptrdiff_t>(row * width);
    examples.features.insert(examples.features.end(), begin, begin + static_cast<ptrdiff_t>(width));
    examples.labels.push_back(rows.labels[row] == label ? 1 : 0);
  }
  return examples;
}

TrainSettings settings_of(uint64_t seed) {
  TrainSettings settings;
  settings.seed = seed;
  settings.rounds_max = 200;
  settings.early_stopping_rounds = 20;
  settings.parameters = {{"learning_rate", "0.1"}, {"num_leaves", "15"}};
  return settings;
}

}  // namespace

Result<LeftOutModel> LeftOutModel::fit(const SuspectRows& rows, size_t label,
                                       const RowSet& left_out, const LeftOutOptions& options) {
  std::vector<size_t> outside;
  for (size_t row = 0; row < rows.row_count(); ++row) {
    if (!contains(left_out, row)) outside.push_back(row);
  }
  if (outside.size() < kOutsideMin) {
    return invalid_input("only " + std::to_string(outside.size()) +
                         " rows are left to learn from, a model needs " +
                         std::to_string(kOutsideMin));
  }
  double hits = 0;
  for (const size_t row : outside) hits += rows.labels[row] == label ? 1 : 0;
  LeftOutModel model;
  model.width_ = rows.columns.size();
  model.share_ = hits / static_cast<double>(outside.size());
  if (model.share_ == 0 || model.share_ == 1) return model;
  shuffle(outside, Random::stream(options.seed, "left out"));
  outside.resize(std::min(outside.size(), static_cast<size_t>(options.training_rows_max)));
  const size_t valid_count = outside.size() / kValidEvery;
  std::vector<size_t> valid_rows(outside.begin(),
                                 outside.begin() + static_cast<ptrdiff_t>(valid_count));
  outside.erase(outside.begin(), outside.begin() + static_cast<ptrdiff_t>(valid_count));
  std::sort(outside.begin(), outside.end());
  const Examples train = examples_of(rows, label, outside);
  const Examples valid = examples_of(rows, label, valid_rows);
  const TrainSettings settings = settings_of(options.seed);
  LearnerInput input{.kind = TaskKind::binary,
                     .feature_names = {},
                     .is_category = rows.is_category,
                     .train = &train,
                     .valid = &valid,
                     .settings = &settings,
                     .progress = {}};
  // LightGBM refuses some characters in names, and nobody reads these.
  for (size_t i = 0; i < rows.columns.size(); ++i) {
    input.feature_names.push_back("c" + std::to_string(i));
  }
  auto fitted = fit_boosted_trees(input);
  if (fitted.ok()) model.scorer_ = std::move(fitted->scorer);  // Else no column splits the rows.
  return model;
}

std::vector<double> LeftOutModel::predict(std::span<const double> features) const {
  std::vector<double> predictions(width_ == 0 ? 0 : features.size() / width_, share_);
  if (scorer_ != nullptr) scorer_->score(features, predictions);
  return predictions;
}

Result<std::vector<double>> left_out_predictions(const SuspectRows& rows, size_t label,
                                                 const RowSet& left_out,
                                                 const std::vector<size_t>& asked,
                                                 const LeftOutOptions& options) {
  MILLGATE_ASSIGN(const LeftOutModel model, LeftOutModel::fit(rows, label, left_out, options));
  return model.predict(examples_of(rows, label, asked).features);
}

}  // namespace millgate
