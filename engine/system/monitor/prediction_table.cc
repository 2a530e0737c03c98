#include "system/monitor/prediction_table.h"

#include <algorithm>
#include <array>

#include "data/query/sql_token.h"
#include "ground/nearest_name.h"
#include "system/monitor/log_file.h"
#include "system/monitor/served_log.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Usual names, the surest first.
constexpr std::array kScoreNames = {"probability", "score",  "y_pred_proba", "prediction_score",
                                    "prediction",  "y_pred", "predicted",    "value"};
constexpr std::array kLabelNames = {"label",  "target",  "y_true", "ground_truth",
                                    "actual", "outcome", "y"};
constexpr std::array kReceivedNames = {"received_at", "labelled_at", "timestamp", "time"};

constexpr const char* kAskedRows = "asked_rows";
constexpr const char* kAskedLabels = "asked_labels";

std::string label_sql(const std::string& column, const std::string& type) {
  const std::string name = quote_name(column);
  if (type != "VARCHAR") return name + "::double";
  return "case lower(" + name + ") when 'true' then 1.0 when 'false' then 0.0 else try_cast(" +
         name + " as double) end";
}

Result<PredictionRoles> find_roles(const LogColumns& columns, const PredictionTable& table,
                                   const std::string& file) {
  PredictionRoles roles;
  MILLGATE_ASSIGN(roles.id, find_log_column(columns, table.id, kIdNames, "--id", file));
  MILLGATE_ASSIGN(roles.time, find_log_column(columns, table.time, kTimeNames, "--time", file));
  MILLGATE_ASSIGN(roles.score, find_log_column(columns, table.score, kScoreNames, "--score", file));
  MILLGATE_ASSIGN(roles.label, find_log_column(columns, table.label, kLabelNames, "--label", file));
  if (!type_of(columns, "model").empty() && table.model.empty()) roles.model = "model";
  return roles;
}

Status check_score(const LogColumns& columns, const PredictionRoles& roles,
                   const std::string& file) {
  if (roles.score.empty()) {
    const auto names = names_of(columns);
    return invalid_input("`" + file + "` has no column that looks like a prediction",
                         "name it: --score COLUMN; " + name_hint("", names));
  }
  const std::string type = type_of(columns, roles.score);
  if (is_number_type(type) || type == "BOOLEAN") return {};
  return invalid_input(
      "column `" + roles.score + "` of `" + file + "` is no number but " + sql_lower(type),
      "name the column of the probability or value: --score COLUMN");
}

std::string roles_note(const PredictionRoles& roles, const std::string& file) {
  const auto part = [](const char* role, const std::string& column, const char* none) {
    return std::string(role) + (column.empty() ? std::string(none) : " `" + column + "`");
  };
  return file + ": " + part("score", roles.score, "") + ", " +
         part("time", roles.time, " none (all rows are one moment)") + ", " +
         part("id", roles.id, " the row's number") + ", " + part("label", roles.label, " none");
}

/// The user's columns that are none of the log's own, renamed where they are called like one.
std::string other_columns(const LogColumns& columns, const PredictionRoles& roles) {
  std::string sql;
  for (const auto& [name, type] : columns) {
    const bool clashes = is_log_column(name);
    const bool is_role =
        name == roles.id || name == roles.score || name == roles.model || name == roles.time;
    if (clashes && is_role) continue;
    sql += ", " + quote_name(name) + (clashes ? " as " + quote_name("input." + name) : "");
  }
  return sql;
}

Status make_predictions(Database& database, const LogColumns& columns, const PredictionTable& table,
                        const PredictionRoles& roles, Time now, std::vector<std::string>& notes) {
  const std::string moment = "make_timestamp(" + std::to_string(now.micros) + ")::timestamptz";
  const std::string time =
      roles.time.empty() ? moment : time_sql_of(roles.time, type_of(columns, roles.time));
  const std::string id =
      roles.id.empty() ? "lpad((row_number() over ())::varchar, 12, '0')" : quote_name(roles.id);
  const std::string model = !table.model.empty()  ? quote_text(table.model)
                            : roles.model.empty() ? quote_text(kUnnamedModel)
                                                  : quote_name(roles.model);
  MILLGATE_TRY(database.execute("create temp table timed_rows as select " + id +
                                "::varchar as prediction_id, " + time + " as answered_at, " +
                                model + "::varchar as model, " + time + " as row_time, " +
                                quote_name(roles.score) + "::double as probability" +
                                other_columns(columns, roles) + " from " + kAskedRows));
  MILLGATE_ASSIGN(const int64_t timeless,
                  database.count("select count(*) from timed_rows where answered_at is null"));
  if (timeless > 0) {
    notes.push_back(count_of(timeless, "row") + " left out: no time in `" + roles.time + "`");
  }
  MILLGATE_ASSIGN(const int64_t scoreless,
                  database.count("select count(*) from timed_rows where answered_at is not null "
                                 "and (probability is null or not isfinite(probability))"));
  if (scoreless > 0) {
    notes.push_back(count_of(scoreless, "row") + " left out: no finite number in `" + roles.score +
                    "`");
  }
  return database.execute(
      "create temp table logged_predictions as from timed_rows where answered_at is not null and "
      "isfinite(probability)");
}

struct LabelSource {
  std::string table, id, label, received;
};

Status add_labels(Database& database, const LogColumns& columns, const LabelSource& source,
                  std::vector<std::string>& notes) {
  const std::string value = label_sql(source.label, type_of(columns, source.label));
  MILLGATE_ASSIGN(
      const int64_t unreadable,
      database.count("select count(*) from " + source.table + " where " + quote_name(source.label) +
                     " is not null and " + value + " is null"));
  if (unreadable > 0) {
    notes.push_back(count_of(unreadable, "label") + " of `" + source.label +
                    "` left out: neither a number nor true or false");
  }
  return database.execute("insert into logged_feedback select " + source.id + "::varchar, " +
                          value + ", " + source.received + " from " + source.table + " where " +
                          value + " is not null");
}

Status make_feedback(Database& database, const LogColumns& columns, const PredictionTable& table,
                     const PredictionRoles& roles, Time now, const std::string& scratch,
                     std::vector<std::string>& notes) {
  MILLGATE_TRY(database.execute(
      "create temp table logged_feedback(prediction_id varchar, label double, received_at "
      "timestamptz)"));
  if (!roles.label.empty()) {
    const std::string id =
        roles.id.empty() ? "lpad((row_number() over ())::varchar, 12, '0')" : quote_name(roles.id);
    MILLGATE_TRY(database.execute("create temp table own_labels as select " + id + " as _id, " +
                                  quote_name(roles.label) + " from " + std::string(kAskedRows)));
    MILLGATE_TRY(add_labels(database, columns,
                            {"own_labels", "_id", roles.label,
                             "make_timestamp(" + std::to_string(now.micros) + ")::timestamptz"},
                            notes));
  }
  if (table.label_paths.empty()) return {};
  const std::string& file = table.label_paths.front();
  MILLGATE_TRY(load_log_files(database, table.label_paths, scratch, kAskedLabels, notes));
  MILLGATE_ASSIGN(const LogColumns late, database.describe(std::string("from ") + kAskedLabels));
  MILLGATE_ASSIGN(const std::string id, find_log_column(late, roles.id, kIdNames, "--id", file));
  const bool named = !table.label.empty() && !type_of(late, table.label).empty();
  MILLGATE_ASSIGN(const std::string label,
                  find_log_column(late, named ? table.label : "", kLabelNames, "--label", file));
  MILLGATE_ASSIGN(const std::string received,
                  find_log_column(late, "", kReceivedNames, "received_at", file));
  if (label.empty()) {
    return invalid_input("`" + file + "` has no column that looks like a label",
                         "name it: --label COLUMN; " + name_hint("", names_of(late)));
  }
  if (id.empty()) {
    return invalid_input("`" + file + "` has no column that names a prediction",
                         "name it: --id COLUMN, the same in both files");
  }
  const std::string at = received.empty()
                             ? "make_timestamp(" + std::to_string(now.micros) + ")::timestamptz"
                             : time_sql_of(received, type_of(late, received));
  return add_labels(database, late, {kAskedLabels, quote_name(id), label, at}, notes);
}

}  // namespace

Result<PredictionRoles> load_prediction_table(Database& database, const PredictionTable& table,
                                              const std::string& scratch, Time now,
                                              std::vector<std::string>& notes) {
  const std::string& file = table.paths.front();
  MILLGATE_TRY(load_log_files(database, table.paths, scratch, kAskedRows, notes));
  MILLGATE_ASSIGN(const LogColumns columns, database.describe(std::string("from ") + kAskedRows));
  MILLGATE_ASSIGN(PredictionRoles roles, find_roles(columns, table, file));
  MILLGATE_TRY(check_score(columns, roles, file));
  notes.push_back(roles_note(roles, file));
  MILLGATE_TRY(make_predictions(database, columns, table, roles, now, notes));
  MILLGATE_TRY(make_feedback(database, columns, table, roles, now, scratch, notes));
  if (!table.reference_paths.empty()) {
    MILLGATE_TRY(load_log_files(database, table.reference_paths, scratch, kReferenceRows, notes));
  }
  return roles;
}

}  // namespace millgate
