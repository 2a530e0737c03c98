#include "model/learn/attempt.h"

#include <arrow/table.h>
#include <arrow/type.h>

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "data/feature/join.h"
#include "model/learn/member_folds.h"
#include "model/learn/row_values.h"

namespace millgate {

namespace {

std::vector<Field> readable_fields(const arrow::Table& joined) {
  std::vector<Field> fields;
  for (const auto& field : joined.schema()->fields()) {
    const std::string& name = field->name();
    if (is_added_column(name)) continue;
    if (const auto type = value_type_of(*field->type())) fields.push_back({name, *type});
  }
  return fields;
}

/// A feature that reads a column of the label knows the answer.
Status check_no_leak(const TrainRequest& request, const FeatureProgram& program,
                     const std::vector<Field>& available) {
  const std::vector<AnswerRead> read = answers_read(request.task, program, available);
  if (read.empty()) return {};
  const auto& [feature, column] = read.front();
  Error error =
      invalid_input("feature `" + feature + "` reads `" + column + "`, from which the label `" +
                        request.task.label + "` is made: the answer would be among the questions",
                    "remove the feature, or take the value as of an earlier time "
                    "from a [[view]]");
  error.where = "feature `" + feature + "`";
  return error;
}

/// Learns what features learn, from the chosen rows only.
Status fit_features(FeatureProgram& program, const Block& inputs, const TrainingRows& rows,
                    const std::vector<int64_t>& chosen, TaskKind kind) {
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
  return program.fit(inputs, {.labels = labels,
                              .row_times = times,
                              .label_known = label_known,
                              .has_times = has_times,
                              .are_classes = kind == TaskKind::multiclass});
}

/// Training rows must not see their own label in what features learned from labels.
enum class RowsAre { training, later };

Result<Examples> evaluate_rows(const FeatureProgram& program, const Block& inputs,
                               const TrainingRows& rows, const std::vector<int64_t>& chosen,
                               RowsAre rows_are = RowsAre::later) {
  Examples examples;
  examples.features.resize(inputs.rows * program.features().size());
  EvaluationScratch scratch;
  MILLGATE_TRY(rows_are == RowsAre::training
                   ? program.evaluate_training(inputs, examples.features, scratch)
                   : program.evaluate(inputs, examples.features, scratch));
  examples.labels.reserve(chosen.size());
  for (const int64_t row : chosen) {
    examples.labels.push_back(rows.labels[static_cast<size_t>(row)]);
  }
  examples.query = rows.query_of(chosen);
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

}  // namespace

std::vector<AnswerRead> answers_read(const Task& task, const FeatureProgram& program,
                                     const std::vector<Field>& available) {
  auto label = FeatureProgram::compile({{"label", task.label}}, available);
  if (!label.ok()) return {};  // The join has evaluated it; it may read more than features can.
  std::set<std::string> answers;
  for (const Field& field : label->inputs()) answers.insert(field.name);
  std::vector<AnswerRead> read;
  for (const Feature& feature : program.features()) {
    for (const std::string& input : feature.inputs) {
      if (answers.contains(input)) read.push_back({.feature = feature.name, .column = input});
    }
  }
  return read;
}

Result<TrainingRows> read_training_rows(const arrow::Table& joined) {
  MILLGATE_ASSIGN(Block block, block_from(joined, {{kLabelColumn, ValueType::number},
                                                   {kRowTimeColumn, ValueType::time},
                                                   {kLabelKnownColumn, ValueType::time}}));
  TrainingRows rows;
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
  MILLGATE_ASSIGN(rows.query, read_query(joined));
  return rows;
}

Result<std::vector<uint32_t>> read_query(const arrow::Table& joined) {
  std::vector<uint32_t> query;
  if (joined.schema()->GetFieldIndex(kQueryColumn) < 0) return query;
  MILLGATE_ASSIGN(const Block block, block_from(joined, {{kQueryColumn, ValueType::integer}}));
  query.reserve(block.rows);
  for (const int64_t number : block.columns[0].integers) {
    query.push_back(static_cast<uint32_t>(number));
  }
  return query;
}

std::vector<uint32_t> TrainingRows::query_of(const std::vector<int64_t>& chosen) const {
  std::vector<uint32_t> of_chosen;
  if (query.empty()) return of_chosen;
  of_chosen.reserve(chosen.size());
  for (const int64_t row : chosen) of_chosen.push_back(query[static_cast<size_t>(row)]);
  return of_chosen;
}

Result<PreparedRows> prepare_rows(const TrainRequest& request, const TrainingRows& rows,
                                  const Split& split) {
  MILLGATE_ASSIGN(FeatureProgram program,
                  FeatureProgram::compile(request.features, rows.available, request.context));
  MILLGATE_TRY(check_no_leak(request, program, rows.available));
  MILLGATE_ASSIGN(Block inputs, block_from(*request.joined, program.inputs()));
  Block train_inputs = select_rows(inputs, split.train);
  train_inputs.rows = split.train.size();
  MILLGATE_TRY(fit_features(program, train_inputs, rows, split.train, request.task.kind));
  PreparedRows made{.program = std::move(program),
                    .train_inputs = std::move(train_inputs),
                    .train = {},
                    .valid = {},
                    .calibration = {},
                    .test = {}};
  MILLGATE_ASSIGN(made.train, evaluate_rows(made.program, made.train_inputs, rows, split.train,
                                            RowsAre::training));
  MILLGATE_ASSIGN(made.valid,
                  evaluate_rows(made.program, select_rows(inputs, split.valid), rows, split.valid));
  MILLGATE_ASSIGN(
      made.calibration,
      evaluate_rows(made.program, select_rows(inputs, split.calibration), rows, split.calibration));
  MILLGATE_ASSIGN(made.test,
                  evaluate_rows(made.program, select_rows(inputs, split.test), rows, split.test));
  MILLGATE_TRY(check_features_have_values(made.program, made.train));
  return made;
}

LearnerInput learner_input(const Task& task, const PreparedRows& prepared,
                           const TrainSettings& settings) {
  LearnerInput input{.kind = task.kind,
                     .classes = task.classes,
                     .feature_names = {},
                     .is_category = {},
                     .train = &prepared.train,
                     .valid = &prepared.valid,
                     .settings = &settings,
                     .progress = {}};
  for (const Feature& feature : prepared.program.features()) {
    input.feature_names.push_back(feature.name);
    input.is_category.push_back(feature.is_category);
  }
  return input;
}

Result<Attempt> attempt(const TrainRequest& request, const TrainingRows& rows, const Split& split,
                        const std::function<void(double)>& progress) {
  MILLGATE_ASSIGN(PreparedRows prepared, prepare_rows(request, rows, split));
  LearnerInput input = learner_input(request.task, prepared, request.settings);
  input.progress = progress;
  input.keep_record = request.keep_record;
  input.threads = request.threads;
  input.predict_folds = [&] { return predict_folds(request, rows, split); };
  MILLGATE_ASSIGN(Fitted fitted, fit_learner(input));
  return Attempt{std::move(prepared), std::move(fitted)};
}

std::vector<double> predictions_of(const Fitted& fitted, const Examples& examples) {
  std::vector<double> predictions(examples.rows() * fitted.scorer->output_count());
  fitted.scorer->score(examples.features, predictions);
  return predictions;
}

}  // namespace millgate
