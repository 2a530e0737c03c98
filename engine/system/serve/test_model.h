/// For tests of this room: a small model that is saved and loaded as real ones are.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/test_folder.h"
#include "model/artifact/model.h"
#include "model/release/registry.h"

namespace millgate {

/// Inputs carrier (AA or UA in training), distance (100 to 2500), flight, rainy, time_hour.
[[nodiscard]] inline Block test_rows(size_t rows) {
  Block block;
  block.rows = rows;
  block.columns.resize(5);
  const ValueType types[] = {ValueType::text, ValueType::number, ValueType::integer,
                             ValueType::boolean, ValueType::time};
  for (size_t i = 0; i < 5; ++i) block.columns[i].reset(types[i], rows);
  for (size_t row = 0; row < rows; ++row) {
    for (Vector& column : block.columns) column.valid[row] = 1;
    const auto number = static_cast<int64_t>(row);
    block.columns[0].texts[row] = row % 3 == 0 ? "AA" : "UA";
    block.columns[1].numbers[row] = 100 + 2400.0 * static_cast<double>(row % 97) / 96;
    block.columns[2].integers[row] = number * 7 % 1000;
    block.columns[3].integers[row] = number % 2;
    block.columns[4].integers[row] = 1'357'034'400'000'000 + number * 3'600'000'000;
  }
  return block;
}

/// What differs between test models.
struct TestModel {
  double intercept = -0.25;
  std::string task_kind = "binary";    ///< Of "multiclass": late, punctual, early.
  bool has_unknown_distances = false;  ///< Rows of training, so that it may be left out.
  std::string project = "flights";
};

/// Saves a linear model over these inputs; another intercept is another model.
[[nodiscard]] inline Result<Id> save_test_model(ObjectStore& objects,
                                                const TestModel& wanted = {}) {
  MILLGATE_ASSIGN(FeatureProgram program,
                  FeatureProgram::compile({{"carrier", "category(carrier)"},
                                           {"distance", "distance / 1000"},
                                           {"flight", "flight % 7"},
                                           {"rainy", "case when rainy then 1 else 0 end"},
                                           {"hour", "hour(time_hour)"}},
                                          {{"carrier", ValueType::text},
                                           {"distance", ValueType::number},
                                           {"flight", ValueType::integer},
                                           {"rainy", ValueType::boolean},
                                           {"time_hour", ValueType::time}}));
  const Block rows = test_rows(97);
  MILLGATE_TRY(program.fit(rows));
  Model::Parts parts;
  parts.manifest.project = wanted.project;
  parts.manifest.task_kind = wanted.task_kind;
  parts.manifest.task_table = "flights";
  parts.manifest.label = "arr_delay > 15";
  parts.manifest.key = {"time_hour", "carrier", "tail"};
  parts.manifest.row_time = "time_hour";
  parts.manifest.threshold = 0.4;
  parts.features = &program;
  parts.model_format = "linear";
  LinearModel linear;
  linear.mean = {0.5, 1.3, 3, 0.5, 11.5};
  linear.scale = {0.5, 0.7, 2, 0.5, 6.9};
  linear.coefficient = {0.3, -0.7, 0.11, 0.9, 0.013};
  linear.intercept = wanted.intercept;
  linear.logistic = wanted.task_kind != "regression";
  parts.model_text = save_linear(linear);
  if (wanted.task_kind == "multiclass") {
    parts.manifest.classes = {"late", "punctual", "early"};
    std::vector<LinearModel> models(3, linear);
    models[1].coefficient = {-0.3, 0.7, 0, -0.9, 0};
    models[2].intercept = -1;
    parts.model_text = save_linear_classes(models);
  }
  const std::vector<Field>& inputs = program.inputs();
  std::vector<double> distances = rows.columns[1].numbers;
  if (wanted.has_unknown_distances) distances[0] = std::numeric_limits<double>::quiet_NaN();
  for (size_t i = 0; i < inputs.size(); ++i) {
    parts.input_profiles.push_back(
        inputs[i].type == ValueType::text ? profile_texts(inputs[i].name, rows.columns[i].texts, {})
        : inputs[i].type == ValueType::number
            ? profile_numbers(inputs[i].name, distances)
            : profile_numbers(inputs[i].name, std::vector<double>(rows.columns[i].integers.begin(),
                                                                  rows.columns[i].integers.end())));
  }
  return Model::save(objects, parts);
}

/// A project with its repository, in a folder of its own.
struct ServedProject {
  TestFolder folder;
  std::shared_ptr<Repository> repository = *Repository::init(folder.path(), system_clock());

  /// Saves a model and loads it.
  std::shared_ptr<const Model> model(const TestModel& wanted = {}) {
    return *Model::load(repository->objects(), *save_test_model(repository->objects(), wanted));
  }
  /// Judges the model `id`, whose AUC is 0.9, by a requirement of at least `limit`.
  Verdict judge_model(const Id& id, double limit = 0.5) {
    Requirement requirement{.metric = "auc",
                            .bound = Bound::at_least,
                            .limit = limit,
                            .slice = "",
                            .because = "",
                            .section = *parse_settings("", "test")};
    Evidence evidence;
    evidence.metric = "auc";
    evidence.value = 0.9;
    return *judge(repository->ledger(), id, {requirement}, {evidence}, "tester");
  }
  /// Judges and releases the model `id`.
  Serving release_model(const Id& id) {
    return *release(repository->ledger(), judge_model(id), "tester");
  }
};

}  // namespace millgate
