#include "system/monitor/trace.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "data/store/row_history.h"
#include "data/store/table_version.h"
#include "data/table/arrow_result.h"
#include "data/table/cell_json.h"
#include "ground/json.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "system/monitor/served_log.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr size_t kIdLettersMin = 6;

/// The one logged row, with all its columns.
Result<std::shared_ptr<arrow::Table>> find_row(Database& database, const std::string& prediction) {
  const auto asked = [&](const std::string& condition) {
    return database.query("select * from traced_log where " + condition +
                          " qualify row_number() over (partition by prediction_id order by "
                          "answered_at) = 1 limit 2");
  };
  MILLGATE_ASSIGN(auto found, asked("prediction_id = " + quote_text(prediction)));
  if (found->num_rows() == 0 && prediction.size() >= kIdLettersMin) {
    MILLGATE_ASSIGN(found, asked("starts_with(prediction_id, " + quote_text(prediction) + ")"));
  }
  if (found->num_rows() == 0) {
    return not_found("no prediction `" + prediction + "` is in the log",
                     "millgate sql 'select prediction_id, answered_at from predictions order by "
                     "answered_at desc limit 20'");
  }
  if (found->num_rows() > 1) {
    return invalid_input("several predictions begin with `" + prediction + "`",
                         "give more of the id");
  }
  return found;
}

Result<Block> own_columns(const arrow::Table& row) {
  return block_from(row, {{"prediction_id", ValueType::text},
                          {"answered_at", ValueType::time},
                          {"event_at", ValueType::time},
                          {"model", ValueType::text},
                          {"probability", ValueType::number}});
}

/// Not every log has these two.
Status read_optional(const arrow::Table& row, PredictionTrace& trace) {
  if (row.schema()->GetFieldIndex("request_id") >= 0) {
    MILLGATE_ASSIGN(const Block block, block_from(row, {{"request_id", ValueType::text}}));
    trace.request_id = block.columns[0].texts[0];
  }
  if (row.schema()->GetFieldIndex("decision") >= 0) {
    MILLGATE_ASSIGN(const Block block, block_from(row, {{"decision", ValueType::boolean}}));
    trace.decision = block.columns[0].integers[0] != 0;
  }
  return {};
}

bool is_left_out(const SqlGuard& guard, const std::string& name) {
  return std::find(guard.left_out.begin(), guard.left_out.end(), name) != guard.left_out.end();
}

std::vector<LoggedValue> logged_values(const arrow::Table& row, const SqlGuard& guard) {
  std::vector<LoggedValue> values;
  for (int at = 0; at < row.num_columns(); ++at) {
    const std::string& name = row.field(at)->name();
    if (is_log_column(name) || name == "event_at" || is_left_out(guard, name)) continue;
    values.push_back({name, dump_json(cell_json(*row.column(at)->chunk(0), 0, NotFinite::text))});
  }
  return values;
}

Result<std::vector<TracedLabel>> labels_of(Database& database, const std::string& id) {
  MILLGATE_ASSIGN(
      const auto table,
      database.query("select label::double as label, received_at from traced_feedback "
                     "where prediction_id::varchar = " +
                     quote_text(id) + " and label is not null order by received_at, label"));
  MILLGATE_ASSIGN(const Block block, block_from(*table, {{"label", ValueType::number},
                                                         {"received_at", ValueType::time}}));
  std::vector<TracedLabel> labels;
  labels.reserve(block.rows);
  for (size_t row = 0; row < block.rows; ++row) {
    labels.push_back({block.columns[0].numbers[row], Time{block.columns[1].integers[row]}});
  }
  return labels;
}

/// A column of the user is logged under another name where it is called like one of the log.
std::string logged_name(const std::string& name) {
  return is_log_column(name) ? "input." + name : name;
}

Result<Block> inputs_of(Database& database, const Model& model, const std::string& id) {
  std::string sql = "select ";
  for (const Field& field : model.features().inputs()) {
    sql += quote_name(logged_name(field.name)) + "::" + sql_type_of(field.type) + " as " +
           quote_name(field.name) + ", ";
  }
  sql += "1 as one from traced_log where prediction_id = " + quote_text(id) +
         " order by answered_at limit 1";
  MILLGATE_ASSIGN(const auto table, database.query(sql));
  return block_from(*table, model.features().inputs());
}

std::string feature_text(const Feature& feature, double value) {
  if (std::isnan(value)) return "null";
  const auto code = static_cast<size_t>(std::max(0.0, value));
  if (feature.is_category && code < feature.categories.size()) {
    return dump_json(Json(feature.categories[code]));
  }
  return dump_json(Json(value));
}

/// Features and the prediction, computed anew from what was logged.
Status replay(Database& database, const Model& model, const SqlGuard& guard,
              PredictionTrace& trace) {
  const auto inputs = inputs_of(database, model, trace.prediction_id);
  if (!inputs) {
    trace.replay_note = "not every input of the model was logged";
    return {};
  }
  Model::Scratch scratch;
  std::vector<Prediction> predictions(1);
  MILLGATE_TRY(model.predict(*inputs, predictions, scratch));
  trace.replayed = predictions[0].value;
  const auto& features = model.features().features();
  std::vector<double> values(features.size());
  MILLGATE_TRY(model.features().evaluate(*inputs, values, scratch.evaluation));
  const std::vector<double> importance = model.scorer().importance();
  std::vector<size_t> order(features.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (importance.size() == features.size()) {
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return importance[a] > importance[b]; });
  }
  for (const size_t at : order) {
    const Feature& feature = features[at];
    const bool hidden = std::any_of(
        feature.inputs.begin(), feature.inputs.end(),
        [&](const std::string& input) { return is_left_out(guard, logged_name(input)); });
    if (!hidden) trace.features.push_back({feature.name, feature_text(feature, values[at])});
  }
  return {};
}

TracedTraining training_of(const Repository& repository, const Manifest& manifest) {
  TracedTraining training{.data_commit = manifest.data_commit,
                          .git_commit = manifest.git_commit,
                          .learner = manifest.learner,
                          .row_count = manifest.train_row_count,
                          .rows_from = manifest.train_from,
                          .rows_to = manifest.train_to};
  const auto id = Id::parse(manifest.data_commit);
  if (!id) return training;
  if (const auto commit = repository.read_commit(*id)) {
    training.commit_message = commit->message;
    training.commit_author = commit->author;
    training.committed = commit->time;
  }
  return training;
}

/// The key as it was sent; empty when a column of it was not.
std::vector<std::string> key_texts(const arrow::Table& row, const std::vector<std::string>& key) {
  std::vector<std::string> texts;
  for (const std::string& column : key) {
    const int at = row.schema()->GetFieldIndex(logged_name(column));
    if (at < 0 || row.column(at)->chunk(0)->IsNull(0)) return {};
    const auto cell = row.column(at)->chunk(0)->GetScalar(0);
    if (!cell.ok()) return {};
    texts.push_back((*cell)->ToString());
  }
  return texts;
}

TracedRow row_of(const Repository& repository, const arrow::Table& logged, const Manifest& manifest,
                 const std::string& branch) {
  TracedRow row;
  row.table = manifest.task_table;
  row.key = key_texts(logged, manifest.key);
  if (row.key.empty()) {
    row.note = manifest.key.empty() ? "the table has no key" : "its key was not sent whole";
    return row;
  }
  const auto tip = repository.resolve(branch);
  const auto table = tip ? tip->tables.find(row.table) : decltype(tip->tables.find(row.table)){};
  if (!tip || table == tip->tables.end()) {
    row.note = "there is no table `" + row.table + "` at " + branch;
    return row;
  }
  const auto version = read_table_version(repository.objects(), table->second);
  const auto key =
      version ? key_from_texts(*version, row.key) : Result<std::string>(version.error());
  const auto cells = key ? blame_row(repository, *tip, row.table, *key)
                         : Result<std::vector<BlamedCell>>(key.error());
  if (!cells) {
    row.note = "not in the table: " + cells.error().what;
    return row;
  }
  for (const BlamedCell& cell : *cells) {
    if (!row.commit.empty() && cell.commit.time <= row.changed) continue;
    row.commit = cell.commit.id.hex();
    row.author = cell.commit.author;
    row.message = cell.commit.message;
    row.changed = cell.commit.time;
  }
  return row;
}

Status trace_model(const Repository& repository, Database& database, const arrow::Table& logged,
                   const std::string& branch, const SqlGuard& guard, PredictionTrace& trace) {
  const Ledger& ledger = repository.ledger();
  MILLGATE_ASSIGN(trace.serving, serving(ledger, trace.answered));
  const auto id = resolve_model(ledger, trace.model);
  auto model = id ? Model::load_of_one_number(repository.objects(), *id)
                  : Result<std::shared_ptr<const Model>>(id.error());
  if (!model) {
    trace.model_note = model.error().code == ErrorCode::invalid_input
                           ? model.error().what
                           : "model " + trace.model + " is not in this project's store";
    trace.replay_note = trace.row.note = trace.model_note;
    return {};
  }
  trace.model = id->hex();
  const Manifest& manifest = (*model)->manifest();
  trace.threshold = manifest.threshold;
  trace.training = training_of(repository, manifest);
  MILLGATE_ASSIGN(trace.steps, model_history(ledger, *id));
  std::erase_if(trace.steps, [&](const ModelStep& step) { return step.time > trace.answered; });
  trace.row = row_of(repository, logged, manifest, branch);
  const bool hides_key = std::any_of(
      manifest.key.begin(), manifest.key.end(),
      [&](const std::string& column) { return is_left_out(guard, logged_name(column)); });
  if (hides_key) trace.row.key.clear();
  return replay(database, **model, guard, trace);
}

Json values_json(const std::vector<LoggedValue>& values) {
  Json json = Json::object();
  for (const LoggedValue& one : values) json[one.name] = Json::parse(one.value, nullptr, false);
  return json;
}

Json row_json(const TracedRow& row) {
  return {{"table", row.table},
          {"key", row.key},
          {"commit", row.commit},
          {"author", row.author},
          {"message", row.message},
          {"changed", row.commit.empty() ? Json(nullptr) : Json(to_string(row.changed))},
          {"note", row.note}};
}

}  // namespace

Result<PredictionTrace> trace_prediction(const Repository& repository,
                                         const std::string& prediction, const std::string& branch,
                                         const SqlGuard& guard) {
  DatabaseOptions limits;
  limits.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open(limits));
  MILLGATE_TRY(database->execute("set TimeZone = 'UTC'"));
  for (const char* log : {"predictions", "feedback"}) {
    const std::string name = std::string("traced_") + (log[0] == 'p' ? "log" : log);
    const std::string event = log[0] == 'p' ? ", coalesce(row_time, answered_at) as event_at" : "";
    MILLGATE_ASSIGN(
        const std::string sql,
        prepare_revision_sql(*database, repository, "select *" + event + " from " + log, branch));
    MILLGATE_TRY(database->execute("create temp view " + name + " as " + sql));
  }
  MILLGATE_ASSIGN(const auto row, find_row(*database, prediction));
  MILLGATE_ASSIGN(const Block own, own_columns(*row));
  PredictionTrace trace;
  trace.prediction_id = own.columns[0].texts[0];
  trace.answered = Time{own.columns[1].integers[0]};
  trace.event = Time{own.columns[2].integers[0]};
  trace.model = own.columns[3].texts[0];
  trace.prediction = own.columns[4].valid[0] != 0 ? own.columns[4].numbers[0]
                                                  : std::numeric_limits<double>::quiet_NaN();
  MILLGATE_TRY(read_optional(*row, trace));
  trace.logged = logged_values(*row, guard);
  MILLGATE_ASSIGN(trace.labels, labels_of(*database, trace.prediction_id));
  MILLGATE_TRY(trace_model(repository, *database, *row, branch, guard, trace));
  return trace;
}

nlohmann::ordered_json to_json(const PredictionTrace& trace) {
  Json labels = Json::array();
  for (const TracedLabel& one : trace.labels) {
    labels.push_back({{"label", one.value}, {"received_at", to_string(one.received)}});
  }
  Json steps = Json::array();
  for (const ModelStep& step : trace.steps) {
    steps.push_back({{"event", step.event},
                     {"time", to_string(step.time)},
                     {"what", step.what},
                     {"by", step.by},
                     {"why", step.why},
                     {"evidence", step.evidence}});
  }
  Json training = nullptr;
  if (trace.training) {
    const TracedTraining& from = *trace.training;
    training = {{"data_commit", from.data_commit},   {"message", from.commit_message},
                {"author", from.commit_author},      {"committed", to_string(from.committed)},
                {"git_commit", from.git_commit},     {"learner", from.learner},
                {"row_count", from.row_count},       {"rows_from", to_string(from.rows_from)},
                {"rows_to", to_string(from.rows_to)}};
  }
  return {{"prediction_id", trace.prediction_id},
          {"request_id", trace.request_id},
          {"event_time", to_string(trace.event)},
          {"answered_at", to_string(trace.answered)},
          {"prediction", trace.prediction},
          {"decision", trace.decision},
          {"threshold", trace.threshold},
          {"logged", values_json(trace.logged)},
          {"features", values_json(trace.features)},
          {"replayed", trace.replayed ? Json(*trace.replayed) : Json(nullptr)},
          {"replay_note", trace.replay_note},
          {"labels", labels},
          {"model", trace.model},
          {"model_note", trace.model_note},
          {"serving", trace.serving ? Json(trace.serving->model.hex()) : Json(nullptr)},
          {"steps", steps},
          {"training", training},
          {"row", row_json(trace.row)}};
}

}  // namespace millgate
