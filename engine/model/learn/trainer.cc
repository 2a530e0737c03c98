#include "model/learn/trainer.h"

#include <arrow/table.h>
#include <arrow/type.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "data/feature/join.h"
#include "data/feature/vector.h"
#include "ground/energy_counter.h"
#include "ground/nearest_name.h"
#include "model/artifact/model_format.h"
#include "model/learn/attempt.h"
#include "model/learn/dependencies.h"
#include "model/learn/label_check.h"
#include "model/learn/learned_around.h"
#include "model/learn/rival.h"
#include "model/learn/row_values.h"
#include "model/measure/coverage.h"

namespace millgate {

namespace {

void tell(const TrainRequest& request, const char* stage, double share) {
  if (request.progress) request.progress(stage, share);
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

/// The picture of the classes that were decided for.
Profile profile_classes(const Manifest& manifest, const std::vector<double>& probabilities) {
  const std::vector<std::string>& classes = manifest.classes;
  std::vector<std::string> decided;
  decided.reserve(probabilities.size() / classes.size());
  for (const size_t number : decided_classes(probabilities, classes.size(), manifest.decide_by)) {
    decided.push_back(classes[number]);
  }
  return profile_texts("prediction", decided, {});
}

Result<Id> save_model(ObjectStore& objects, const TrainRequest& request, const Attempt& made,
                      const std::vector<double>& test_predictions, const TrainResult& result) {
  Model::Parts parts;
  parts.manifest = request.manifest;
  parts.manifest.task_kind = to_text(request.task.kind);
  parts.manifest.classes = request.task.classes;
  parts.manifest.group = request.task.group;
  parts.manifest.task_table = request.task.table;
  parts.manifest.label = request.task.label;
  parts.manifest.label_known = request.task.label_known;
  parts.manifest.threshold = result.threshold;
  parts.manifest.decide_by = decides_by(request);
  parts.manifest.learner = request.settings.learner;
  parts.manifest.train_row_count = static_cast<int64_t>(made.train.rows());
  parts.manifest.train_from = result.train_from;
  parts.manifest.train_to = result.train_to;
  MILLGATE_ASSIGN(auto dependencies, dependencies_of(request.settings));
  parts.manifest.dependencies.merge(dependencies);
  std::vector<std::string> formats = {made.fitted.format};
  for (const FittedMember& member : made.fitted.members) formats.push_back(member.format);
  for (const std::string& format : formats) {
    MILLGATE_ASSIGN(const std::string runtime, runtime_version(format));
    if (!runtime.empty()) parts.manifest.dependencies["onnxruntime"] = runtime;
  }
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
  parts.prediction_profile = request.task.classes.empty()
                                 ? profile_numbers("prediction", test_predictions)
                                 : profile_classes(parts.manifest, test_predictions);
  parts.calibration = result.learned_calibration;
  parts.uncertainty = result.uncertainty;
  return Model::save(objects, parts);
}

/// The slice columns of the task at the test rows.
Result<std::vector<std::vector<std::string>>> slice_texts(const TrainRequest& request,
                                                          const TrainingRows& rows,
                                                          const Split& split) {
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

/// How often what surrounds predictions holds the labels of the test rows.
Status measure_around(const TrainRequest& request, const Attempt& made,
                      const std::vector<SliceColumn>& slices, TrainResult& result) {
  if (!result.uncertainty) return {};
  const bool is_binary = request.task.kind == TaskKind::binary;
  const Telling telling{.calibration = result.learned_calibration,
                        .uncertainty = result.uncertainty,
                        .threshold = result.threshold,
                        .is_binary = is_binary};
  const std::vector<double> scores = predictions_of(made.fitted, made.test);
  std::vector<uint8_t> held;
  std::vector<double> size;
  for (size_t row = 0; row < scores.size(); ++row) {
    const double label = made.test.labels[row];
    const Prediction told = telling.of(scores[row]);
    if (is_binary) {
      held.push_back((label > 0.5 ? told.may_be_true : told.may_be_false) ? 1 : 0);
      size.push_back((told.may_be_true ? 1.0 : 0.0) + (told.may_be_false ? 1.0 : 0.0));
    } else {
      held.push_back(told.lower <= label && label <= told.upper ? 1 : 0);
      size.push_back(told.upper - told.lower);
    }
  }
  CoverageOptions options;
  options.size_metric = is_binary ? "set_size" : "interval_width";
  options.seed = request.settings.seed;
  options.data = "test";
  options.inputs = {result.model.hex(), request.manifest.data_commit};
  MILLGATE_ASSIGN(const std::vector<Evidence> evidence,
                  measure_coverage({.held = held, .size = size}, slices, options));
  result.evidence.insert(result.evidence.end(), evidence.begin(), evidence.end());
  return {};
}

/// The same rows as if nothing had been calibrated.
Status measure_before(const Attempt& made, MeasureOptions options, TrainResult& result) {
  if (!result.learned_calibration) return {};
  const std::vector<double> scores = predictions_of(made.fitted, made.test);
  options.resamples = 0;
  MILLGATE_ASSIGN(const std::vector<Evidence> all,
                  measure_quality({.label = made.test.labels, .prediction = scores}, {}, options));
  for (const Evidence& one : all) {
    for (const char* metric : {"log_loss", "brier", "calibration_error"}) {
      if (one.metric == metric) result.before_calibration[metric] = one.value;
    }
  }
  return {};
}

Status measure(const ObjectStore& objects, const TrainRequest& request, const TrainingRows& rows,
               const Attempt& made, const std::vector<double>& predictions, TrainResult& result) {
  const Outcome outcome{
      .label = made.test.labels, .prediction = predictions, .query = made.test.query};
  MILLGATE_ASSIGN(const auto texts, slice_texts(request, rows, result.split));
  std::vector<SliceColumn> slices;
  slices.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) slices.push_back({request.task.slices[i], texts[i]});
  MeasureOptions options;
  options.threshold = result.threshold;
  options.utility = request.utility;
  options.seed = request.settings.seed;
  options.regression = request.task.kind == TaskKind::regression;
  options.ranking = request.task.kind == TaskKind::ranking;
  options.data = "test";
  options.inputs = {result.model.hex(), request.manifest.data_commit};
  options.class_count = request.task.classes.size();
  options.decide_by = decides_by(request);
  MILLGATE_ASSIGN(result.evidence, measure_quality(outcome, slices, options));
  if (request.task.kind == TaskKind::multiclass) {
    MILLGATE_ASSIGN(const std::vector<Evidence> each,
                    measure_each_class(outcome, request.task.classes, options));
    result.evidence.insert(result.evidence.end(), each.begin(), each.end());
    result.class_counts = class_counts(outcome, request.task.classes, options.decide_by);
  } else {
    MILLGATE_TRY(measure_around(request, made, slices, result));
  }
  MILLGATE_TRY(measure_before(made, options, result));
  MILLGATE_ASSIGN(const auto model, Model::load(objects, result.model));
  Evidence size;
  size.metric = "model_size_bytes";
  size.value = static_cast<double>(model->size_bytes());
  size.data = "model";
  size.inputs = {result.model.hex()};
  result.evidence.push_back(std::move(size));
  if (request.task.kind == TaskKind::binary) {
    result.calibration = calibration_curve(outcome);
    result.confusion = confusion(outcome, result.threshold);
  }
  return {};
}

std::vector<MemberResult> member_results(const Task& task, const Attempt& made) {
  std::vector<MemberResult> results;
  results.reserve(made.fitted.members.size());
  for (const FittedMember& member : made.fitted.members) {
    std::vector<double> said(made.test.rows() * member.scorer->output_count());
    member.scorer->score(made.test.features, said);
    results.push_back({.name = member.name,
                       .learner = member.learner,
                       .hash = member.hash,
                       .weight = member.weight,
                       .valid_loss = member.valid_loss,
                       .test_loss = mean_loss(task.kind, made.test.labels, said, made.test.query)});
  }
  return results;
}

/// Nothing when the rows cannot be trained on in this order: the comparison is a courtesy and
/// must not fail a training that succeeded.
std::optional<double> auc_of_random_split(const TrainRequest& request, const TrainingRows& rows,
                                          const Split& split) {
  const Split shuffled = shuffle_split(split, request.settings.seed);
  tell(request, "random split", 0);
  const auto rival = train_rival(request, rows, shuffled);
  if (!rival.ok()) return std::nullopt;
  std::vector<double> labels;
  labels.reserve(shuffled.test.size());
  for (const int64_t row : shuffled.test) labels.push_back(rows.labels[static_cast<size_t>(row)]);
  return auc({.label = labels, .prediction = rival->predictions});
}

/// What the training has used until now, where the machine tells it: a fact that is good to have,
/// and no reason to fail.
std::optional<Evidence> energy_until_now(const Result<std::unique_ptr<EnergyCounter>>& counter,
                                         const Id& model) {
  if (!counter.ok()) return std::nullopt;
  const auto joules = (*counter)->joules();
  if (!joules.ok()) return std::nullopt;
  return Evidence{.metric = "training_energy_joules",
                  .value = *joules,
                  .data = "training",
                  .inputs = {model.hex()}};
}

/// Trains on `result.split`, saves the model and measures it. What only this needs is freed when
/// it returns: a second training must not stand in memory beside the first.
Status train_and_measure(ObjectStore& objects, const TrainRequest& request,
                         const TrainingRows& rows, std::chrono::steady_clock::time_point begin,
                         const Result<std::unique_ptr<EnergyCounter>>& counter,
                         TrainResult& result) {
  MILLGATE_ASSIGN(const Attempt made, attempt(request, rows, result.split, [&](double share) {
                    tell(request, "train", share);
                  }));
  MILLGATE_ASSIGN(LearnedAround learned, learn_around(request, made));
  result.learned_calibration = std::move(learned.calibration);
  result.uncertainty = learned.uncertainty;
  result.threshold = choose_threshold(request, made, result.learned_calibration);
  result.parameters = made.fitted.parameters;
  result.best_round = made.fitted.best_round;
  result.valid_loss = made.fitted.valid_loss;
  result.members = member_results(request.task, made);
  const Span train = span_of(result.split.train, rows.times);
  const Span test = span_of(result.split.test, rows.times);
  result.train_from = train.from;
  result.train_to = train.to;
  result.test_from = test.from;
  result.test_to = test.to;
  std::vector<double> predictions = predictions_of(made.fitted, made.test);
  calibrate(result.learned_calibration, request.task.classes.size(), predictions);
  MILLGATE_ASSIGN(result.model, save_model(objects, request, made, predictions, result));
  result.train_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::optional<Evidence> energy = energy_until_now(counter, result.model);
  tell(request, "measure", 0);
  MILLGATE_TRY(measure(objects, request, rows, made, predictions, result));
  if (energy) result.evidence.push_back(*std::move(energy));
  return {};
}

}  // namespace

Result<TrainResult> train_model(ObjectStore& objects, const TrainRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto counter = EnergyCounter::start(request.powercap);
  if (request.features.empty()) {
    return invalid_input("there are no features to train on", "write some under [features]");
  }
  tell(request, "features", 0);
  TrainResult result;
  MILLGATE_ASSIGN(result.split, split_rows(*request.joined, request.settings));
  MILLGATE_ASSIGN(const TrainingRows rows, read_training_rows(*request.joined));
  MILLGATE_TRY(check_labels(request.task, rows.labels, result.split));
  MILLGATE_TRY(train_and_measure(objects, request, rows, begin, counter, result));
  const bool comparable = request.task.kind == TaskKind::binary &&
                          request.settings.split_by == "time" && !runs_program(request.settings);
  if (request.compare_random_split && comparable) {
    result.random_split_auc = auc_of_random_split(request, rows, result.split);
  }
  tell(request, "measure", 1);
  return result;
}

}  // namespace millgate
