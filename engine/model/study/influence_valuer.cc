#include "model/study/influence_valuer.h"

#include <algorithm>

namespace millgate {

namespace {

constexpr int kCheckedRows = 100;

Examples examples_of(const LabelledRows& rows, size_t label) {
  Examples made;
  for (size_t i = 0; i < rows.rows(); ++i) {
    for (const auto& column : rows.numbers) made.features.push_back(column[i]);
    for (const auto& column : rows.categories) made.features.push_back(column[i]);
    made.labels.push_back(rows.labels[i] == static_cast<double>(label) ? 1 : 0);
  }
  return made;
}

bool has_both(const std::vector<double>& labels) {
  return std::adjacent_find(labels.begin(), labels.end(), std::not_equal_to<>()) != labels.end();
}

TrainSettings trees_of(uint64_t seed) {
  TrainSettings settings;
  settings.seed = seed;
  settings.rounds_max = 60;
  settings.early_stopping_rounds = 60;
  settings.parameters = {{"num_leaves", "15"}};
  return settings;
}

}  // namespace

RowValuer influence_valuer(InfluenceModel model, uint64_t seed,
                           const std::shared_ptr<InfluenceNotes>& notes) {
  return [=](const LabelledRows& training, const LabelledRows& test,
             size_t classes) -> Result<std::vector<double>> {
    InfluenceRows rows;
    rows.is_category.assign(training.numbers.size(), false);
    rows.is_category.resize(training.numbers.size() + training.categories.size(), true);
    std::vector<double> values(training.rows(), 0.0);
    int questions = 0;
    // Of two classes one question says all.
    for (size_t label = classes == 2 ? 1 : 0; label < classes; ++label) {
      rows.train = examples_of(training, label);
      rows.test = examples_of(test, label);
      if (!has_both(rows.train.labels)) continue;
      MILLGATE_ASSIGN(const RowInfluence found, model == InfluenceModel::linear
                                                    ? linear_influence(rows, kCheckedRows)
                                                    : tree_influence(rows, trees_of(seed)));
      for (size_t i = 0; i < values.size(); ++i) values[i] += found.values[i];
      notes->log_loss += found.log_loss;
      notes->retrained_error = std::max(notes->retrained_error, found.retrained_error);
      notes->checked += found.checked;
      ++questions;
    }
    if (questions == 0) {
      return invalid_input("all training rows have one label: there is nothing to learn");
    }
    notes->log_loss /= questions;
    return values;
  };
}

}  // namespace millgate
