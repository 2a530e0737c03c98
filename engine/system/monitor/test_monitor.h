/// For tests of this room: a project with a model that answered, and its logs as the server
/// writes them (docs/formats/prediction-log.md). Include in .cc files only: it brings Arrow along.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/query/test_project.h"
#include "data/table/writer.h"
#include "ground/json.h"
#include "ground/random.h"
#include "model/artifact/ensemble.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"
#include "system/monitor/monitor.h"

namespace millgate {

inline constexpr int64_t kTestDay = 24LL * 3600 * 1'000'000;
/// 2026-03-02T00:00:00Z, a Monday: the first served row.
inline constexpr int64_t kTestBegin = 1'772'409'600'000'000;
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// The value of `result`; an error ends the test program with what it says.
template <typename T>
T good(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().what << " " << result.error().hint;
    std::abort();
  }
  return std::move(result).value();
}

/// One row as it was, and as it was sent. NaN and "": missing.
struct ServedRow {
  int64_t trip = 0;  ///< The key; -1: not sent.
  int64_t event_micros = 0;
  double distance = 0;     ///< Miles, 100 to 2500.
  double warmth = 0;       ///< Degrees Celsius, around 12.
  std::string carrier;     ///< AA, DL or UA.
  double probability = 0;  ///< Of the model; filled by `answer`.
  std::optional<double> label;
};

/// `count` rows, `seconds` apart; the distribution is that of the training.
inline std::vector<ServedRow> made_served_rows(uint64_t seed, int64_t count, int64_t begin_micros,
                                               int64_t seconds) {
  Random random(seed);
  std::vector<ServedRow> rows;
  for (int64_t i = 0; i < count; ++i) {
    ServedRow row;
    row.trip = i;
    row.event_micros = begin_micros + i * seconds * 1'000'000;
    row.distance = 100 + 2400 * random.uniform() * random.uniform();
    row.warmth = 12 + 6 * random.normal();
    row.carrier = std::vector<std::string>{"AA", "UA", "DL", "UA"}[random.below(4)];
    rows.push_back(row);
  }
  return rows;
}

inline Block inputs_of(const std::vector<ServedRow>& rows) {
  Block block;  // As FeatureProgram::inputs: carrier, distance, warmth.
  block.rows = rows.size();
  block.columns.resize(3);
  block.columns[0].reset(ValueType::text, rows.size());
  block.columns[1].reset(ValueType::number, rows.size());
  block.columns[2].reset(ValueType::number, rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    block.columns[0].valid[i] = rows[i].carrier.empty() ? 0 : 1;
    block.columns[0].texts[i] = rows[i].carrier;
    for (const auto& [column, value] :
         {std::pair{size_t{1}, rows[i].distance}, std::pair{size_t{2}, rows[i].warmth}}) {
      block.columns[column].valid[i] = std::isnan(value) ? 0 : 1;
      if (!std::isnan(value)) block.columns[column].numbers[i] = value;
    }
  }
  return block;
}

/// Builds Arrow columns by hand, null where a value is missing.
template <typename Builder, typename Get>
std::shared_ptr<arrow::Array> served_column(Builder&& builder, const std::vector<ServedRow>& rows,
                                            Get get) {
  for (const ServedRow& row : rows) {
    const auto value = get(row);
    if (!(value ? builder.Append(*value) : builder.AppendNull()).ok()) std::abort();
  }
  return builder.Finish().ValueOrDie();
}

/// A project of trips with one model; rows are sent to it by the tests.
class WatchedProject {
 public:
  WatchedProject() {
    training_ = made_served_rows(1, 4000, kTestBegin - 60 * kTestDay, 600);
    model_ = make_model();
    answer(training_);
  }

  [[nodiscard]] Repository& repository() { return project_.repository(); }
  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] TestProject& project() { return project_; }
  [[nodiscard]] const std::vector<ServedRow>& training() const { return training_; }

  /// Four weeks, 2,000 rows.
  [[nodiscard]] std::vector<ServedRow> four_weeks(uint64_t seed = 2) const {
    auto rows = made_served_rows(seed, 2000, kTestBegin, 28 * 24 * 3600 / 2000);
    answer(rows);
    return rows;
  }

  /// Fills `probability` from what is sent.
  void answer(std::vector<ServedRow>& rows) const {
    std::vector<Prediction> predictions(rows.size());
    Model::Scratch scratch;
    if (!model_->predict(inputs_of(rows), predictions, scratch).ok()) std::abort();
    for (size_t i = 0; i < rows.size(); ++i) rows[i].probability = predictions[i].value;
  }

  /// Labels that come true as often as the model says.
  static void label(std::vector<ServedRow>& rows, uint64_t seed = 3) {
    Random random(seed);
    for (ServedRow& row : rows) row.label = random.uniform() < row.probability ? 1 : 0;
  }

  /// The rows as they really were, as the table `trips`.
  void commit_table(const std::vector<ServedRow>& rows) {
    std::string csv = "trip,distance,warmth,carrier\n";
    for (const ServedRow& row : rows) {
      csv += std::to_string(row.trip) + "," + text_of(row.distance) + "," + text_of(row.warmth) +
             "," + row.carrier + "\n";
    }
    project_.commit({{"trips", csv, {"trip"}}});
  }

  /// One file of predictions, and one of feedback when rows have labels.
  void log(const std::vector<ServedRow>& rows, const std::string& file = "a",
           std::string model = {}) {
    if (model.empty()) model = model_->id().brief();
    const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    const auto pool = arrow::default_memory_pool();
    using Text = std::optional<std::string>;
    using Number = std::optional<double>;
    const auto number = [](double value) { return std::isnan(value) ? Number() : Number(value); };
    const std::vector<std::pair<std::shared_ptr<arrow::Field>, std::shared_ptr<arrow::Array>>>
        columns = {
            {arrow::field("prediction_id", arrow::utf8()),
             served_column(arrow::StringBuilder(), rows,
                           [](const ServedRow& row) { return Text(id_of(row)); })},
            {arrow::field("answered_at", time),
             served_column(arrow::TimestampBuilder(time, pool), rows,
                           [](const ServedRow& row) {
                             return std::optional<int64_t>(row.event_micros + 1);
                           })},
            {arrow::field("model", arrow::utf8()),
             served_column(arrow::StringBuilder(), rows,
                           [&](const ServedRow&) { return Text(model); })},
            {arrow::field("row_time", time),
             served_column(
                 arrow::TimestampBuilder(time, pool), rows,
                 [](const ServedRow& row) { return std::optional<int64_t>(row.event_micros); })},
            {arrow::field("probability", arrow::float64()),
             served_column(arrow::DoubleBuilder(), rows,
                           [](const ServedRow& row) { return Number(row.probability); })},
            {arrow::field("trip", arrow::utf8()),
             served_column(arrow::StringBuilder(), rows,
                           [](const ServedRow& row) {
                             return row.trip < 0 ? Text() : Text(std::to_string(row.trip));
                           })},
            {arrow::field("carrier", arrow::utf8()), served_column(arrow::StringBuilder(), rows,
                                                                   [](const ServedRow& row) {
                                                                     return row.carrier.empty()
                                                                                ? Text()
                                                                                : Text(row.carrier);
                                                                   })},
            {arrow::field("distance", arrow::float64()),
             served_column(arrow::DoubleBuilder(), rows,
                           [&](const ServedRow& row) { return number(row.distance); })},
            {arrow::field("warmth", arrow::float64()),
             served_column(arrow::DoubleBuilder(), rows,
                           [&](const ServedRow& row) { return number(row.warmth); })},
        };
    write_columns("predictions/2026-03-02/" + file + ".parquet", columns);
    std::vector<ServedRow> labelled;
    for (const ServedRow& row : rows) {
      if (row.label) labelled.push_back(row);
    }
    if (!labelled.empty()) log_labels(labelled, file, kTestBegin + 40 * kTestDay);
  }

  /// Labels that came at `received_micros`, by the ids of `rows`.
  void log_labels(const std::vector<ServedRow>& rows, const std::string& file,
                  int64_t received_micros) {
    const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    write_columns("feedback/2026-04-11/" + file + ".parquet",
                  {{arrow::field("prediction_id", arrow::utf8()),
                    served_column(arrow::StringBuilder(), rows,
                                  [](const ServedRow& row) {
                                    return std::optional<std::string>(id_of(row));
                                  })},
                   {arrow::field("label", arrow::float64()),
                    served_column(arrow::DoubleBuilder(), rows,
                                  [](const ServedRow& row) { return row.label; })},
                   {arrow::field("received_at", time),
                    served_column(arrow::TimestampBuilder(time, arrow::default_memory_pool()), rows,
                                  [&](const ServedRow&) {
                                    return std::optional<int64_t>(received_micros);
                                  })}});
  }

  /// What `earned` says of each row, told at `received_micros`.
  void log_outcomes(const std::vector<ServedRow>& rows, const std::string& file,
                    int64_t received_micros,
                    const std::function<double(const ServedRow&)>& earned) {
    const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    write_columns(
        "outcomes/2026-04-11/" + file + ".parquet",
        {{arrow::field("prediction_id", arrow::utf8()),
          served_column(
              arrow::StringBuilder(), rows,
              [](const ServedRow& row) { return std::optional<std::string>(id_of(row)); })},
         {arrow::field("earned", arrow::float64()),
          served_column(arrow::DoubleBuilder(), rows,
                        [&](const ServedRow& row) { return std::optional<double>(earned(row)); })},
         {arrow::field("received_at", time),
          served_column(
              arrow::TimestampBuilder(time, arrow::default_memory_pool()), rows,
              [&](const ServedRow&) { return std::optional<int64_t>(received_micros); })}});
  }

  /// A file of a log with any columns. The name is under `.millgate`.
  void write_columns(
      const std::string& name,
      const std::vector<std::pair<std::shared_ptr<arrow::Field>, std::shared_ptr<arrow::Array>>>&
          columns) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& [field, array] : columns) {
      fields.push_back(field);
      arrays.push_back(array);
    }
    const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
    arrow::TableBatchReader reader(*table);
    (void)good(write_table_file(reader, log_path(name)));
  }

  [[nodiscard]] std::string log_path(const std::string& name) const {
    return project_.folder().path("project/.millgate/" + name);
  }

  [[nodiscard]] MonitorReport watch(MonitorOptions options = {}) {
    options.resamples = 50;
    options.author = "tester";
    return good(monitor_served(repository(), options));
  }

  static std::string id_of(const ServedRow& row) {
    std::string digits = std::to_string(row.trip < 0 ? row.event_micros : row.trip);
    return std::string(32 - digits.size(), '0') + digits;
  }

 private:
  static std::string text_of(double value) {
    return std::isnan(value) ? std::string() : dump_json(Json(value));
  }

  std::shared_ptr<const Model> make_model() {
    auto program = good(FeatureProgram::compile(
        {{"carrier", "category(carrier)"}, {"far", "distance / 1000"}, {"warmth", "warmth"}},
        {{"carrier", ValueType::text},
         {"distance", ValueType::number},
         {"warmth", ValueType::number}}));
    const Block rows = inputs_of(training_);
    if (!program.fit(rows).ok()) std::abort();
    LinearModel linear;
    linear.mean = {1, 0.7, 12};
    linear.scale = {0.8, 0.5, 6};
    linear.coefficient = {0.5, 1.4, -0.8};
    linear.intercept = -0.4;
    Model::Parts parts;
    parts.manifest.project = "trips";
    parts.manifest.task_kind = "binary";
    parts.manifest.task_table = "trips";
    parts.manifest.label = "late > 0";
    parts.manifest.key = {"trip"};
    parts.manifest.row_time = "at";
    parts.features = &program;
    parts.model_format = "linear";
    parts.model_text = save_linear(linear);
    parts.input_profiles = {profile_texts("carrier", rows.columns[0].texts, {}),
                            profile_numbers("distance", rows.columns[1].numbers),
                            profile_numbers("warmth", rows.columns[2].numbers)};
    parts.feature_profiles = {parts.input_profiles[0], scaled_profile(rows.columns[1].numbers),
                              parts.input_profiles[2]};
    parts.feature_profiles[1].name = "far";
    const auto scorer = make_linear_scorer(linear);
    std::vector<double> features(rows.rows * 3);
    std::vector<double> predictions(rows.rows);
    EvaluationScratch scratch;
    if (!program.evaluate(rows, features, scratch).ok()) std::abort();
    scorer->score(features, predictions);
    parts.prediction_profile = profile_numbers("prediction", predictions);
    Repository& repository = project_.repository();
    const Id id = good(Model::save(repository.objects(), parts));
    (void)good(repository.ledger().append(
        {.kind = "run", .subject = id.hex(), .author = "tester", .body = run_body(predictions)}));
    return good(Model::load(repository.objects(), id));
  }

  static Profile scaled_profile(std::vector<double> values) {
    for (double& value : values) value /= 1000;
    return profile_numbers("far", values);
  }

  /// What the run measured: the AUC of labels that come true as often as the model says.
  static std::string run_body(const std::vector<double>& predictions);

  TestProject project_;
  std::vector<ServedRow> training_;
  std::shared_ptr<const Model> model_;
};

inline std::string WatchedProject::run_body(const std::vector<double>& predictions) {
  Random random(4);
  double inverted = 0;
  double pairs = 0;
  std::vector<double> positive;
  std::vector<double> negative;
  for (const double p : predictions) (random.uniform() < p ? positive : negative).push_back(p);
  for (const double p : positive) {
    for (const double n : negative) inverted += p < n ? 1 : 0;
  }
  pairs = static_cast<double>(positive.size()) * static_cast<double>(negative.size());
  Evidence evidence{.metric = "auc",
                    .value = 1 - inverted / pairs,
                    .row_count = static_cast<int64_t>(predictions.size()),
                    .data = "test"};
  evidence.lower = evidence.value - 0.02;
  evidence.upper = evidence.value + 0.02;
  Json body = Json::object();
  body["evidence"] = Json::array({to_json(evidence)});
  return dump_json(body);
}

}  // namespace millgate
