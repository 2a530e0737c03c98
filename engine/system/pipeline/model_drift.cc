#include "system/pipeline/model_drift.h"

#include <arrow/table.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>

#include "data/feature/vector.h"
#include "ground/json.h"
#include "model/measure/bin_counts.h"
#include "model/measure/slice_search.h"
#include "system/pipeline/tested_rows.h"

namespace millgate {

namespace {

/// Features of rows, a column each.
struct FeatureColumns {
  size_t rows = 0;
  std::vector<std::vector<double>> columns;
};

Result<FeatureColumns> features_of(const Model& model, const Block& inputs) {
  const size_t width = model.features().features().size();
  std::vector<double> values(inputs.rows * width);
  EvaluationScratch scratch;
  MILLGATE_TRY(model.features().evaluate(inputs, values, scratch));
  FeatureColumns found{inputs.rows, std::vector<std::vector<double>>(width)};
  for (size_t f = 0; f < width; ++f) {
    found.columns[f].reserve(inputs.rows);
    for (size_t row = 0; row < inputs.rows; ++row) {
      found.columns[f].push_back(values[row * width + f]);
    }
  }
  return found;
}

Result<FeatureColumns> features_of(const Model& model, const arrow::Table& joined,
                                   const char* side) {
  if (joined.num_rows() == 0) {
    return invalid_input(std::string("there is no row on the side of the ") + side,
                         "name rows of the table of [task]");
  }
  MILLGATE_ASSIGN(const Block inputs, block_from(joined, model.features().inputs()));
  return features_of(model, inputs);
}

/// What the labelled rows tell of the model.
struct Judged {
  FeatureColumns features;
  std::vector<double> losses;
  std::vector<double> earned;  ///< Empty without a utility.
};

double earned_by(const Utility& utility, bool decision, bool label) {
  if (decision) return label ? utility.true_positive : utility.false_positive;
  return label ? utility.false_negative : utility.true_negative;
}

Result<Judged> judge_rows(const Model& model, const TestedRows& rows,
                          const std::optional<Utility>& utility) {
  Judged judged;
  MILLGATE_ASSIGN(judged.features, features_of(model, rows.inputs));
  std::vector<Prediction> predictions;
  Model::Scratch scratch;
  MILLGATE_TRY(model.predict(rows.inputs, predictions, scratch));
  std::vector<double> values;
  values.reserve(predictions.size());
  for (const Prediction& one : predictions) values.push_back(one.value);
  const bool is_binary = model.manifest().task_kind == "binary";
  MeasureOptions how;
  how.regression = !is_binary;
  judged.losses = row_losses({.label = rows.labels, .prediction = values}, how);
  if (!is_binary || !utility) return judged;
  judged.earned.reserve(predictions.size());
  for (size_t i = 0; i < predictions.size(); ++i) {
    judged.earned.push_back(earned_by(*utility, predictions[i].decision, rows.labels[i] > 0.5));
  }
  return judged;
}

std::vector<double> as_numbers(const std::vector<int64_t>& counts) {
  return {counts.begin(), counts.end()};
}

Json harm_json(const ShiftHarm& harm) {
  return {{"change", harm.change}, {"lower", harm.lower}, {"upper", harm.upper}};
}

}  // namespace

Result<ModelDrift> weigh_drift(const Repository& repository, const Project& project,
                               const Model& model, const arrow::Table& reference,
                               const arrow::Table& current) {
  MILLGATE_ASSIGN(const FeatureColumns before, features_of(model, reference, "reference"));
  MILLGATE_ASSIGN(const FeatureColumns now, features_of(model, current, "current rows"));
  MILLGATE_ASSIGN(const TestedRows tested, tested_rows(repository, project, model));
  MILLGATE_ASSIGN(const Judged judged, judge_rows(model, tested, project.utility));

  ModelDrift drift;
  drift.loss_name = model.manifest().task_kind == "binary" ? "log_loss" : "squared_error";
  drift.labelled_rows = static_cast<int64_t>(judged.losses.size());
  drift.reference_rows = static_cast<int64_t>(before.rows);
  drift.current_rows = static_cast<int64_t>(now.rows);
  for (const double loss : judged.losses) drift.loss += loss;
  drift.loss /= static_cast<double>(std::max<size_t>(judged.losses.size(), 1));

  const auto& features = model.features().features();
  const std::vector<double> importance = model.scorer().importance();
  const double tail = 0.025 / static_cast<double>(features.size());
  const double deviations =
      boost::math::quantile(boost::math::normal_distribution<double>(), 1 - tail);
  drift.features.reserve(features.size());
  for (size_t f = 0; f < features.size(); ++f) {
    // By both sides: rows beyond what was seen before must not share a bin with what was.
    std::vector<double> both = before.columns[f];
    both.insert(both.end(), now.columns[f].begin(), now.columns[f].end());
    const FeatureBins bins(both, features[f].is_category);
    const std::vector<int64_t> reference_counts = bins.counts(before.columns[f]);
    const std::vector<int64_t> current_counts = bins.counts(now.columns[f]);
    const auto harm = [&](const std::vector<double>& losses) {
      return shift_harm(bins.losses(judged.features.columns[f], losses), reference_counts,
                        current_counts, deviations);
    };
    FeatureDrift one;
    one.name = features[f].name;
    one.effect = total_variation({as_numbers(reference_counts), as_numbers(current_counts)});
    one.importance = f < importance.size() ? importance[f] : 0;
    one.loss = harm(judged.losses);
    if (!judged.earned.empty()) one.earned = harm(judged.earned);
    drift.features.push_back(std::move(one));
  }
  std::stable_sort(
      drift.features.begin(), drift.features.end(),
      [](const FeatureDrift& a, const FeatureDrift& b) { return a.loss.change > b.loss.change; });
  return drift;
}

Json to_json(const ModelDrift& drift) {
  Json features = Json::array();
  for (const FeatureDrift& one : drift.features) {
    Json json = {{"feature", one.name},
                 {"effect", one.effect},
                 {"importance", one.importance},
                 {"loss", harm_json(one.loss)},
                 {"unknown_share", one.loss.unknown_share},
                 {"does_harm", one.does_harm()}};
    if (one.earned) json["earned"] = harm_json(*one.earned);
    features.push_back(std::move(json));
  }
  return {{"loss_name", drift.loss_name},         {"loss", drift.loss},
          {"labelled_rows", drift.labelled_rows}, {"reference_rows", drift.reference_rows},
          {"current_rows", drift.current_rows},   {"features", features}};
}

}  // namespace millgate
