#include "model/learn/trainer.h"

#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "data/feature/join.h"
#include "data/feature/vector.h"
#include "ground/nearest_name.h"
#include "model/learn/dependencies.h"
#include "model/learn/learner.h"
#include "model/learn/row_values.h"

namespace millgate {

namespace {

/// The joined table as values: labels, times and the inputs of the features.
struct Rows {
  std::vector<Field> available;  ///< Columns that features may read.
  std::vector<double> labels;    ///< NaN: unlabelled.
  std::vector<int64_t> times;    ///< 0 where there is none.
  std::vector<uint8_t> has_time;
  std::vector<int64_t> label_known;  ///< The row's time where it is not told.
};

/// A learner's work on one split.
struct Attempt {
  FeatureProgram program;
  Block train_inputs;
  Examples train, valid, test;
  Fitted fitted;
};

void tell(const TrainRequest& request, const char* stage, double share) {
  if (request.progress) request.progress(stage, share);
}

std::vector<Field> readable_fields(const arrow::Table& joined) {
  std::vector<Field> fields;
  for (const auto& field : joined.schema()->fields()) {
    const std::string& name = field->name();
    if (name == kLabelColumn || name == kLabelKnownColumn || name == kRowTimeColumn) continue;
    if (const auto type = value_type_of(*field->type())) fields.push_back({name, *type});
  }
  return fields;
}

Result<Rows> read_rows_of(const arrow::Table& joined) {
  MILLGATE_ASSIGN(Block block, block_from(joined, {{kLabelColumn, ValueType::number},
                                                   {kRowTimeColumn, ValueType::time},
                                                   {kLabelKnownColumn, ValueType::time}}));
  Rows rows;
  rows.available = readable_fields(joined);
  rows.labels = std::move(block.columns[0].numbers);
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    if (!block.columns[0].valid[i]) rows.labels[i] = std::numeric_limits<double>::quiet_NaN();
  }
  rows.times = std::move(block.columns[1].integers);
  rows.has_time = std::move(block.columns[1].valid);
  rows.label_known = std::move(block.columns[2].integers);
  for (size_t i = 0; i < rows.times.size(); ++i) {
    if (!block.columns[2].valid[i]) rows.label_known[i] = rows.times[i];
  }
  return rows;
}

/// A feature that reads a column of the label knows the answer.
Status check_no_leak(const TrainRequest& request, const FeatureProgram& program,
                     const std::vector<Field>& available) {
  auto label = FeatureProgram::compile({{"label", request.task.label}}, available);
  if (!label.ok()) return {};  // The join has evaluated it; it may read more than features can.
  std::set<std::string> answers;
  for (const Field& field : label->inputs()) answers.insert(field.name);
  for (const Feature& feature : program.features()) {
    for (const std::string& input : feature.inputs) {
      if (!answers.contains(input)) continue;
      Error error = invalid_input("feature `" + feature.name + "` reads `" + input +
                                      "`, from which the label `" + request.task.label +
                                      "` is made: the answer would be among the questions",
                                  "remove the feature, or take the value as of an earlier time "
                                  "from a [[view]]");
      error.where = "feature `" + feature.name + "`";
      return error;
    }
  }
  return {};
}

Status check_labels(const TrainRequest& request, const Rows& rows, const Split& split) {
  if (request.task.kind != TaskKind::binary) {
    const double first = rows.labels[static_cast<size_t>(split.train.front())];
    const bool constant = std::all_of(split.train.begin(), split.train.end(), [&](int64_t row) {
      return rows.labels[static_cast<size_t>(row)] == first;
    });
    if (!constant) return {};
    return invalid_input("the label `" + request.task.label + "` is constant: all " +
                             std::to_string(split.train.size()) + " training rows have " +
                             std::to_string(first),
                         "check [task] label");
  }
  for (const auto& [part, chosen] :
       {std::pair{"training", &split.train}, std::pair{"validation", &split.valid},
        std::pair{"test", &split.test}}) {
    size_t positive = 0;
    for (const int64_t row : *chosen) {
      const double label = rows.labels[static_cast<size_t>(row)];
      if (label != 0 && label != 1) {
        return invalid_input("the label `" + request.task.label +
                                 "` is not 0 or 1 (or true or false) in every row: found " +
                                 std::to_string(label),
                             "write a condition such as `amount > 15`, or kind = \"regression\"");
      }
      positive += label == 1;
    }
    if (positive != 0 && positive != chosen->size()) continue;
    return invalid_input("the label `" + request.task.label + "` is constant: all " +
                             std::to_string(chosen->size()) + " " + part + " rows are " +
                             (positive == 0 ? "0" : "1"),
                         "check [task] label, or change [train] split so that every part holds "
                         "both classes");
  }
  return {};
}

/// Learns what features learn, from the chosen rows only.
Status fit_features(FeatureProgram& program, const Block& inputs, const Rows& rows,
                    const std::vector<int64_t>& chosen) {
  std::vector<double> labels;
  std::vector<int64_t> times;
  std::vector<int64_t> label_known;
  bool has_times = true;
  for (const int64_t row : chosen) {
    const auto at = static_cast<size_t>(row);
    labels.push_back(rows.labels[at]);
    times.push_back(rows.times[at]);
    label_known.push_back(rows.label_known[at]);
    has_times = has_times && rows.has_time[at] != 0;
  }
  return program.fit(
      inputs,
      {.labels = labels, .row_times = times, .label_known = label_known, .has_times = has_times});
}

/// Training rows must not see their own label in what features learned from labels.
enum class RowsAre { training, later };

Result<Examples> evaluate_rows(const FeatureProgram& program, const Block& inputs,
                               const std::vector<double>& labels,
                               const std::vector<int64_t>& chosen,
                               RowsAre rows_are = RowsAre::later) {
  Examples examples;
  examples.features.resize(inputs.rows * program.features().size());
  EvaluationScratch scratch;
  MILLGATE_TRY(rows_are == RowsAre::training
                   ? program.evaluate_training(inputs, examples.features, scratch)
                   : program.evaluate(inputs, examples.features, scratch));
  examples.labels.reserve(chosen.size());
  for (const int64_t row : chosen) examples.labels.push_back(labels[static_cast<size_t>(row)]);
  return examples;
}

Status check_features_have_values(const FeatureProgram& program, const Examples& train) {
  const size_t count = program.features().size();
  for (size_t j = 0; j < count; ++j) {
    bool found = false;
    for (size_t i = 0; i < train.rows() && !found; ++i) {
      found = !std::isnan(train.features[i * count + j]);
    }
    if (found) continue;
    const Feature& feature = program.features()[j];
    Error error =
        invalid_input("feature `" + feature.name + "` (" + feature.expression +
                          ") is null in all " + std::to_string(train.rows()) + " training rows",
                      "check its columns with `millgate profile`, and `entity`, `known` "
                      "and `max_age` of the view that it reads");
    error.where = "feature `" + feature.name + "`";
    return error;
  }
  return {};
}

Result<Attempt> attempt(const TrainRequest& request, const Rows& rows, const Split& split,
                        const std::function<void(double)>& progress) {
  MILLGATE_ASSIGN(FeatureProgram program,
                  FeatureProgram::compile(request.features, rows.available, request.context));
  MILLGATE_TRY(check_no_leak(request, program, rows.available));
  MILLGATE_ASSIGN(Block inputs, block_from(*request.joined, program.inputs()));
  Block train_inputs = select_rows(inputs, split.train);
  train_inputs.rows = split.train.size();
  MILLGATE_TRY(fit_features(program, train_inputs, rows, split.train));
  Attempt made{.program = std::move(program),
               .train_inputs = std::move(train_inputs),
               .train = {},
               .valid = {},
               .test = {},
               .fitted = {}};
  MILLGATE_ASSIGN(made.train, evaluate_rows(made.program, made.train_inputs, rows.labels,
                                            split.train, RowsAre::training));
  MILLGATE_ASSIGN(made.valid, evaluate_rows(made.program, select_rows(inputs, split.valid),
                                            rows.labels, split.valid));
  MILLGATE_ASSIGN(made.test, evaluate_rows(made.program, select_rows(inputs, split.test),
                                           rows.labels, split.test));
  MILLGATE_TRY(check_features_have_values(made.program, made.train));
  inputs = {};  // Learners need memory, too.
  LearnerInput input{.kind = request.task.kind,
                     .feature_names = {},
                     .is_category = {},
                     .train = &made.train,
                     .valid = &made.valid,
                     .settings = &request.settings,
                     .progress = progress};
  for (const Feature& feature : made.program.features()) {
    input.feature_names.push_back(feature.name);
    input.is_category.push_back(feature.is_category);
  }
  MILLGATE_ASSIGN(made.fitted, fit_learner(input));
  return made;
}

std::vector<double> predictions_of(const Fitted& fitted, const Examples& examples) {
  std::vector<double> predictions(examples.rows());
  fitted.scorer->score(examples.features, predictions);
  return predictions;
}

double choose_threshold(const TrainRequest& request, const Attempt& made) {
  if (request.task.kind != TaskKind::binary) return 0.5;
  if (request.threshold) return *request.threshold;
  if (!request.utility) return 0.5;
  const std::vector<double> predictions = predictions_of(made.fitted, made.valid);
  return best_threshold({.label = made.valid.labels, .prediction = predictions}, *request.utility);
}

struct Span {
  Time from, to;
};

Span span_of(const std::vector<int64_t>& chosen, const std::vector<int64_t>& times) {
  Span span{.from = {std::numeric_limits<int64_t>::max()},
            .to = {std::numeric_limits<int64_t>::min()}};
  for (const int64_t row : chosen) {
    const int64_t time = times[static_cast<size_t>(row)];
    span.from.micros = std::min(span.from.micros, time);
    span.to.micros = std::max(span.to.micros, time);
  }
  return span;
}

Result<Id> save_model(ObjectStore& objects, const TrainRequest& request, const Attempt& made,
                      const std::vector<double>& test_predictions, const TrainResult& result) {
  Model::Parts parts;
  parts.manifest = request.manifest;
  parts.manifest.task_kind = request.task.kind == TaskKind::binary ? "binary" : "regression";
  parts.manifest.task_table = request.task.table;
  parts.manifest.label = request.task.label;
  parts.manifest.label_known = request.task.label_known;
  parts.manifest.threshold = result.threshold;
  parts.manifest.learner = request.settings.learner;
  parts.manifest.train_row_count = static_cast<int64_t>(made.train.rows());
  parts.manifest.train_from = result.train_from;
  parts.manifest.train_to = result.train_to;
  parts.manifest.dependencies.merge(dependencies_of(request.settings.learner));
  parts.features = &made.program;
  parts.model_format = made.fitted.format;
  parts.model_text = made.fitted.text;
  const auto& features = made.program.features();
  for (size_t j = 0; j < features.size(); ++j) {
    parts.feature_profiles.push_back(
        profile_feature(features[j], j, features.size(), made.train.features));
  }
  const auto& inputs = made.program.inputs();
  for (size_t j = 0; j < inputs.size(); ++j) {
    parts.input_profiles.push_back(profile_input(inputs[j].name, made.train_inputs.columns[j]));
  }
  parts.prediction_profile = profile_numbers("prediction", test_predictions);
  return Model::save(objects, parts);
}

/// The slice columns of the task at the test rows.
Result<std::vector<std::vector<std::string>>> slice_texts(const TrainRequest& request,
                                                          const Rows& rows, const Split& split) {
  std::vector<std::vector<std::string>> texts;
  for (const std::string& name : request.task.slices) {
    const auto found = std::find_if(rows.available.begin(), rows.available.end(),
                                    [&](const Field& field) { return field.name == name; });
    if (found == rows.available.end()) {
      std::vector<std::string> names;
      names.reserve(rows.available.size());
      for (const Field& field : rows.available) names.push_back(field.name);
      return request.task.section.error_at("slices", "unknown column `" + name + "` in slices",
                                           name_hint(name, names));
    }
    MILLGATE_ASSIGN(const Block block, block_from(*request.joined, {*found}));
    texts.push_back(texts_of(select_rows(block, split.test).columns.front()));
  }
  return texts;
}

Status measure(const ObjectStore& objects, const TrainRequest& request, const Rows& rows,
               const Attempt& made, const std::vector<double>& predictions, TrainResult& result) {
  const Outcome outcome{.label = made.test.labels, .prediction = predictions};
  MILLGATE_ASSIGN(const auto texts, slice_texts(request, rows, result.split));
  std::vector<SliceColumn> slices;
  slices.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) slices.push_back({request.task.slices[i], texts[i]});
  MeasureOptions options;
  options.threshold = result.threshold;
  options.utility = request.utility;
  options.seed = request.settings.seed;
  options.regression = request.task.kind == TaskKind::regression;
  options.data = "test";
  options.inputs = {result.model.hex(), request.manifest.data_commit};
  MILLGATE_ASSIGN(result.evidence, measure_quality(outcome, slices, options));
  MILLGATE_ASSIGN(const auto model, Model::load(objects, result.model));
  Evidence size;
  size.metric = "model_size_bytes";
  size.value = static_cast<double>(model->size_bytes());
  size.data = "model";
  size.inputs = {result.model.hex()};
  result.evidence.push_back(std::move(size));
  if (!options.regression) {
    result.calibration = calibration_curve(outcome);
    result.confusion = confusion(outcome, result.threshold);
  }
  return {};
}

/// Nothing when the rows cannot be trained on in this order: the comparison is a courtesy and
/// must not fail a training that succeeded.
std::optional<double> auc_of_random_split(const TrainRequest& request, const Rows& rows,
                                          const Split& split) {
  const Split shuffled = shuffle_split(split, request.settings.seed);
  const auto made =
      attempt(request, rows, shuffled, [&](double share) { tell(request, "random split", share); });
  if (!made.ok()) return std::nullopt;
  const std::vector<double> predictions = predictions_of(made->fitted, made->test);
  return auc({.label = made->test.labels, .prediction = predictions});
}

/// Trains on `result.split`, saves the model and measures it. What only this needs is freed when
/// it returns: a second training must not stand in memory beside the first.
Status train_and_measure(ObjectStore& objects, const TrainRequest& request, const Rows& rows,
                         std::chrono::steady_clock::time_point begin, TrainResult& result) {
  MILLGATE_ASSIGN(const Attempt made, attempt(request, rows, result.split, [&](double share) {
                    tell(request, "train", share);
                  }));
  result.threshold = choose_threshold(request, made);
  result.parameters = made.fitted.parameters;
  result.best_round = made.fitted.best_round;
  result.valid_loss = made.fitted.valid_loss;
  const Span train = span_of(result.split.train, rows.times);
  const Span test = span_of(result.split.test, rows.times);
  result.train_from = train.from;
  result.train_to = train.to;
  result.test_from = test.from;
  result.test_to = test.to;
  const std::vector<double> predictions = predictions_of(made.fitted, made.test);
  MILLGATE_ASSIGN(result.model, save_model(objects, request, made, predictions, result));
  result.train_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  tell(request, "measure", 0);
  return measure(objects, request, rows, made, predictions, result);
}

}  // namespace

Result<TrainResult> train_model(ObjectStore& objects, const TrainRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  if (request.features.empty()) {
    return invalid_input("there are no features to train on", "write some under [features]");
  }
  tell(request, "features", 0);
  TrainResult result;
  MILLGATE_ASSIGN(result.split, split_rows(*request.joined, request.settings));
  MILLGATE_ASSIGN(const Rows rows, read_rows_of(*request.joined));
  MILLGATE_TRY(check_labels(request, rows, result.split));
  MILLGATE_TRY(train_and_measure(objects, request, rows, begin, result));
  const bool comparable =
      request.task.kind == TaskKind::binary && request.settings.split_by == "time";
  if (request.compare_random_split && comparable) {
    result.random_split_auc = auc_of_random_split(request, rows, result.split);
  }
  tell(request, "measure", 1);
  return result;
}

}  // namespace millgate
