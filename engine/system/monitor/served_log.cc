#include "system/monitor/served_log.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "data/query/revision_sql.h"
#include "data/query/sql_token.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

/// The log's own columns.
constexpr std::array kOwnColumns = {"prediction_id", "answered_at", "model",   "request_id",
                                    "row_time",      "probability", "decision"};

constexpr const char* kOrder = " order by event_micros, prediction_id";

Status load_log(Database& database, const Repository& repository, const MonitorOptions& options,
                const std::string& name) {
  MILLGATE_ASSIGN(
      const std::string sql,
      prepare_revision_sql(database, repository, "select * from " + name, options.branch));
  return database.execute("create temp table logged_" + name + " as " + sql);
}

Result<std::vector<std::string>> column_names(Database& database, const std::string& table) {
  MILLGATE_ASSIGN(const auto described, database.describe("select * from " + table));
  std::vector<std::string> names;
  names.reserve(described.size());
  for (const auto& [name, type] : described) names.push_back(name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status require_columns(const std::vector<std::string>& have, const std::vector<std::string>& want,
                       const std::string& log) {
  for (const std::string& name : want) {
    if (!contains(have, name)) {
      return damaged("the " + log + " log has no column `" + name + "`", name_hint(name, have));
    }
  }
  return {};
}

/// The latest label of each prediction; of labels of one moment the larger, so that the answer
/// does not depend on the order of files.
Status make_labels(Database& database) {
  return database.execute(
      "create temp table latest_label as select prediction_id::varchar as prediction_id, "
      "label::double as label_value, received_at, "
      "count(*) over (partition by prediction_id) as label_count, "
      "min(label::double) over (partition by prediction_id) <> "
      "max(label::double) over (partition by prediction_id) as contradicted "
      "from logged_feedback qualify row_number() over "
      "(partition by prediction_id order by received_at desc, label desc) = 1");
}

/// Keeps the first answer of each prediction_id: a copy says nothing new.
Status make_served(Database& database, const MonitorOptions& options, bool has_row_time) {
  const std::string event = has_row_time ? "coalesce(row_time, answered_at)" : "answered_at";
  MILLGATE_TRY(database.execute(
      "create temp table every_served as select p.*, epoch_us(" + event +
      ") as event_micros, l.label_value from (select * from logged_predictions qualify "
      "row_number() over (partition by prediction_id order by answered_at) = 1) p "
      "left join latest_label l on p.prediction_id::varchar = l.prediction_id"));
  std::string where = "true";
  if (options.from) where += " and event_micros >= " + std::to_string(options.from->micros);
  if (options.to) where += " and event_micros < " + std::to_string(options.to->micros);
  return database.execute("create temp table served as select * from every_served where " + where);
}

/// Labels in a table of predictions came nobody knows when.
Result<LogCounts> count_log(Database& database, bool knows_arrival) {
  LogCounts counts;
  MILLGATE_ASSIGN(counts.prediction_count,
                  database.count("select count(*) from logged_predictions"));
  MILLGATE_ASSIGN(const int64_t distinct, database.count("select count(*) from every_served"));
  counts.duplicate_count = counts.prediction_count - distinct;
  MILLGATE_ASSIGN(counts.feedback_count, database.count("select count(*) from logged_feedback"));
  MILLGATE_ASSIGN(counts.unknown_label_count,
                  database.count("select count(*) from logged_feedback where "
                                 "prediction_id::varchar not in "
                                 "(select prediction_id::varchar from every_served)"));
  MILLGATE_ASSIGN(counts.relabelled_count,
                  database.count("select count(*) from latest_label where label_count > 1"));
  MILLGATE_ASSIGN(counts.contradicted_count,
                  database.count("select count(*) from latest_label where contradicted"));
  MILLGATE_ASSIGN(
      const int64_t labelled,
      database.count("select count(*) from every_served where label_value is not null"));
  if (labelled > 0 && knows_arrival) {
    MILLGATE_ASSIGN(
        counts.label_delay_micros,
        database.count("select greatest(0, quantile_disc(epoch_us(l.received_at) - "
                       "p.event_micros, 0.95))::bigint from every_served p join latest_label l on "
                       "p.prediction_id::varchar = l.prediction_id"));
  }
  return counts;
}

Result<Block> read_block(Database& database, const std::string& sql,
                         const std::vector<Field>& fields) {
  MILLGATE_ASSIGN(const auto table, database.query(sql));
  return block_from(*table, fields);
}

double number_at(const Vector& column, size_t row) {
  return column.valid[row] != 0 ? column.numbers[row] : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::string sql_type_of(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "boolean";
    case ValueType::integer:
      return "bigint";
    case ValueType::number:
      return "double";
    case ValueType::text:
      return "varchar";
    case ValueType::time:
      return "timestamptz";
    case ValueType::duration:
      return "bigint";
    case ValueType::list:
      return "double[]";
  }
  return "varchar";
}

/// What was told last of each prediction.
Status make_outcomes(Database& database, const MonitorOptions& options) {
  const std::string known =
      options.known ? " where epoch_us(received_at) <= " + std::to_string(options.known->micros)
                    : "";
  return database.execute(std::string("create temp table ") + kToldOutcomes +
                          " as select prediction_id, earned from logged_outcomes" + known +
                          " qualify row_number() over (partition by prediction_id order by "
                          "received_at desc, earned) = 1");
}

Result<ServedLog> ServedLog::read(const Repository& repository, const MonitorOptions& options) {
  ServedLog log;
  DatabaseOptions database_options;
  database_options.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(log.database_, Database::open(database_options));
  Database& database = *log.database_;
  // Times without a zone are UTC everywhere in Millgate; DuckDB would take the machine's zone.
  MILLGATE_TRY(database.execute("set TimeZone = 'UTC'"));
  if (options.log) {
    MILLGATE_ASSIGN(log.roles_,
                    load_prediction_table(database, *options.log, repository.folder("scratch"),
                                          repository.clock().now(), log.notes_));
  } else {
    MILLGATE_TRY(load_log(database, repository, options, "predictions"));
    MILLGATE_TRY(load_log(database, repository, options, "feedback"));
    MILLGATE_TRY(load_log(database, repository, options, "outcomes"));
  }
  MILLGATE_ASSIGN(log.columns_, column_names(database, "logged_predictions"));
  MILLGATE_ASSIGN(const auto feedback_columns, column_names(database, "logged_feedback"));
  MILLGATE_TRY(require_columns(
      log.columns_, {"prediction_id", "answered_at", "model", "probability"}, "prediction"));
  MILLGATE_TRY(
      require_columns(feedback_columns, {"prediction_id", "label", "received_at"}, "feedback"));
  if (options.known) {
    const std::string later = ") > " + std::to_string(options.known->micros);
    MILLGATE_TRY(
        database.execute("delete from logged_predictions where epoch_us(answered_at" + later));
    MILLGATE_TRY(
        database.execute("delete from logged_feedback where epoch_us(received_at" + later));
  }
  MILLGATE_TRY(make_labels(database));
  if (!options.log) MILLGATE_TRY(make_outcomes(database, options));
  MILLGATE_TRY(make_served(database, options, contains(log.columns_, "row_time")));
  MILLGATE_ASSIGN(log.counts_, count_log(database, !options.log));
  if (log.counts_.prediction_count > 0) {
    MILLGATE_ASSIGN(const int64_t first,
                    database.count("select min(event_micros) from every_served"));
    MILLGATE_ASSIGN(const int64_t last,
                    database.count("select max(event_micros) from every_served"));
    log.log_first_ = Time{first};
    log.log_last_ = Time{last};
  }
  MILLGATE_ASSIGN(const Block models,
                  read_block(database,
                             "select model::varchar as model from served where model is not null "
                             "group by model order by count(*) desc, model",
                             {{"model", ValueType::text}}));
  if (!models.columns.empty()) log.models_ = models.columns[0].texts;
  return log;
}

bool is_log_column(const std::string& name) {
  return std::find(kOwnColumns.begin(), kOwnColumns.end(), sql_lower(name)) != kOwnColumns.end();
}

std::string ServedLog::column_of(const std::string& name) const {
  const std::string logged = is_log_column(name) ? "input." + name : name;
  return contains(columns_, logged) ? logged : std::string();
}

Result<int64_t> ServedLog::answered_count(const std::string& model, Time from, Time to) const {
  return database_->count(
      "select count(*) from logged_predictions where model::varchar = " + quote_text(model) +
      " and epoch_us(answered_at) >= " + std::to_string(from.micros) +
      " and epoch_us(answered_at) < " + std::to_string(to.micros));
}

Result<ServedRows> ServedLog::rows(const std::string& model) const {
  MILLGATE_ASSIGN(Block block,
                  read_block(*database_,
                             "select prediction_id::varchar as prediction_id, event_micros, "
                             "probability::double as probability, label_value from served "
                             "where model::varchar = " +
                                 quote_text(model) + kOrder,
                             {{"prediction_id", ValueType::text},
                              {"event_micros", ValueType::integer},
                              {"probability", ValueType::number},
                              {"label_value", ValueType::number}}));
  ServedRows rows;
  rows.prediction_id = std::move(block.columns[0].texts);
  rows.event_micros = std::move(block.columns[1].integers);
  rows.prediction.resize(block.rows);
  rows.label.resize(block.rows);
  for (size_t row = 0; row < block.rows; ++row) {
    rows.prediction[row] = number_at(block.columns[2], row);
    rows.label[row] = number_at(block.columns[3], row);
  }
  return rows;
}

Result<Block> ServedLog::block(const std::string& model, const std::vector<Field>& fields) const {
  std::string sql = "select ";
  for (const Field& field : fields) {
    sql += quote_name(column_of(field.name)) + "::" + sql_type_of(field.type) + " as " +
           quote_name(field.name) + ", ";
  }
  sql += "event_micros from served where model::varchar = " + quote_text(model) + kOrder;
  return read_block(*database_, sql, fields);
}

}  // namespace millgate
