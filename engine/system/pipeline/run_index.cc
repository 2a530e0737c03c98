#include "system/pipeline/run_index.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/shortest_text.h"
#include "ground/sqlite.h"
#include "model/learn/train_settings.h"
#include "model/measure/metric.h"

namespace millgate {

namespace {

/// Changed whenever the columns may be others; an index of another version is made anew.
constexpr int64_t kVersion = 3;
constexpr const char* kObject = "index of runs";

struct FixedColumn {
  const char* name;
  const char* member;  ///< Of the run's JSON; null: of the event.
};
constexpr FixedColumn kFixed[] = {{"event", nullptr},
                                  {"model", nullptr},
                                  {"time", nullptr},
                                  {"author", nullptr},
                                  {"data_commit", "data_commit"},
                                  {"git_commit", "git_commit"},
                                  {"learner", "learner"},
                                  {"study", "study"},
                                  {"best_round", "best_round"},
                                  {"threshold", "threshold"},
                                  {"seconds", "train_seconds"},
                                  {"train_rows", "train_rows"},
                                  {"test_rows", "test_rows"}};

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

std::string literal(const std::string& text) {
  std::string sql = "'";
  for (const char letter : text) sql += letter == '\'' ? "''" : std::string(1, letter);
  return sql + "'";
}

std::string literal(const Json& value) {
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  if (value.is_number()) {
    const double number = value.get<double>();
    return std::isfinite(number) ? shortest_text(number) : "null";
  }
  return value.is_string() ? literal(value.get<std::string>()) : "null";
}

/// A parameter that reads as a number is compared as one.
std::string parameter_literal(const std::string& text) {
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = fault == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(number) ? shortest_text(number) : literal(text);
}

/// The values of one run in the order of `run_columns`, as SQL.
Result<std::string> values_of(const Event& event) {
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, "event " + std::to_string(event.number)));
  std::string sql = std::to_string(event.number) + "," + literal(event.subject) + "," +
                    literal(to_string(event.time)) + "," + literal(event.author);
  for (const FixedColumn& column : kFixed) {
    if (column.member != nullptr) sql += "," + literal(body.value(column.member, Json()));
  }
  const Json evidence = body.value("evidence", Json::array());
  for (const Metric& metric : all_metrics()) {
    Json value;
    for (const Json& one : evidence) {
      const bool is_it = one.value("metric", "") == metric.name && one.value("slice", "").empty();
      if (is_it) value = one.value("value", Json());
    }
    sql += "," + literal(value);
  }
  const Json parameters = body.value("parameters", Json::object());
  for (const LearnerParameter& one : learner_parameters()) {
    const auto found = parameters.find(std::string(one.name));
    const bool has = found != parameters.end() && found->is_string();
    sql += "," + (has ? parameter_literal(found->get<std::string>()) : "null");
  }
  return sql;
}

Result<sqlite::Connection> open_index(const std::string& path) {
  MILLGATE_ASSIGN(sqlite::Connection index, sqlite::Connection::open(path, kObject));
  MILLGATE_TRY(index.run("PRAGMA synchronous = OFF"));  // It can be made anew.
  MILLGATE_ASSIGN(const int64_t version, index.integer("PRAGMA user_version"));
  if (version == kVersion) return index;
  std::string columns = "event INTEGER PRIMARY KEY";
  for (size_t i = 1; i < run_columns().size(); ++i) columns += ", " + quoted(run_columns()[i]);
  MILLGATE_ASSIGN(auto change, sqlite::Transaction::begin(index));
  MILLGATE_TRY(index.run("DROP TABLE IF EXISTS runs"));
  MILLGATE_TRY(index.run(("CREATE TABLE runs (" + columns + ")").c_str()));
  MILLGATE_TRY(index.run(("PRAGMA user_version = " + std::to_string(kVersion)).c_str()));
  MILLGATE_TRY(change.commit());
  return index;
}

Status catch_up(const sqlite::Connection& index, const Ledger& ledger) {
  MILLGATE_ASSIGN(const int64_t known, index.integer("SELECT max(event) FROM runs"));
  MILLGATE_ASSIGN(const auto events, ledger.events(known, "run"));
  if (events.empty()) return {};
  MILLGATE_ASSIGN(auto change, sqlite::Transaction::begin(index));
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const std::string values, values_of(event));
    // Another process may have added it meanwhile: the same row.
    MILLGATE_TRY(index.run(("INSERT OR IGNORE INTO runs VALUES (" + values + ")").c_str()));
  }
  return change.commit();
}

Error condition_error(const std::string& where, const Error& fault) {
  constexpr std::string_view kUnknown = "no such column: ";
  const size_t at = fault.what.find(kUnknown);
  if (at != std::string::npos) {
    const std::string name = fault.what.substr(at + kUnknown.size());
    return invalid_input("unknown column `" + name + "` in `" + where + "`",
                         name_hint(name, run_columns()));
  }
  const size_t begin = std::string(kObject).size() + 2;
  return invalid_input("`" + where + "` is no condition: " +
                           (fault.what.size() > begin ? fault.what.substr(begin) : fault.what),
                       "for example --where \"auc > 0.7 and learner = 'gbdt'\"");
}

std::optional<double> number_in(const std::string& text) {
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || text.empty()) return std::nullopt;
  return number;
}

Result<RunRow> row_of(const sqlite::Statement& statement, size_t metrics) {
  RunRow row;
  row.event = statement.integer(0);
  MILLGATE_ASSIGN(row.model, Id::parse(statement.bytes(1)));
  MILLGATE_ASSIGN(row.time, parse_time(statement.bytes(2)));
  row.author = statement.bytes(3);
  row.data_commit = statement.bytes(4);
  row.learner = statement.bytes(5);
  for (size_t i = 0; i < metrics; ++i) {
    row.values.push_back(number_in(statement.bytes(6 + static_cast<int>(i))));
  }
  return row;
}

Result<RunSelection> ask(const sqlite::Connection& index, const RunQuestion& question) {
  // On a line of its own, so that a comment in it ends.
  const std::string condition =
      question.where.empty() ? std::string() : " WHERE (" + question.where + "\n)";
  const auto counted = index.integer("SELECT count(*) FROM runs" + condition);
  if (!counted.ok()) return condition_error(question.where, counted.error());
  std::string columns = "event, model, time, author, data_commit, learner";
  for (const std::string& metric : question.metrics) columns += ", " + quoted(metric);
  const std::string limit =
      question.newest > 0 ? " LIMIT " + std::to_string(question.newest) : std::string();
  MILLGATE_ASSIGN(auto statement, index.prepare("SELECT " + columns + " FROM runs" + condition +
                                                " ORDER BY event DESC" + limit));
  RunSelection selection;
  selection.found = *counted;
  for (;;) {
    MILLGATE_ASSIGN(const bool more, statement.step());
    if (!more) break;
    MILLGATE_ASSIGN(RunRow row, row_of(statement, question.metrics.size()));
    selection.rows.push_back(std::move(row));
  }
  std::reverse(selection.rows.begin(), selection.rows.end());
  return selection;
}

Result<sqlite::Connection> current_index(const std::string& path, const Ledger& ledger) {
  MILLGATE_ASSIGN(sqlite::Connection index, open_index(path));
  MILLGATE_TRY(catch_up(index, ledger));
  return index;
}

}  // namespace

const std::vector<std::string>& run_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names;
    for (const FixedColumn& one : kFixed) names.emplace_back(one.name);
    for (const Metric& one : all_metrics()) names.emplace_back(one.name);
    for (const LearnerParameter& one : learner_parameters()) names.emplace_back(one.name);
    return names;
  }();
  return columns;
}

Result<RunSelection> select_runs(const Repository& repository, const RunQuestion& question) {
  const std::string path = repository.folder("cache") + "/runs.sqlite";
  auto index = current_index(path, repository.ledger());
  if (!index.ok() && index.error().code == ErrorCode::damaged) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    index = current_index(path, repository.ledger());
  }
  if (!index.ok()) return index.error();
  return ask(*index, question);
}

}  // namespace millgate
