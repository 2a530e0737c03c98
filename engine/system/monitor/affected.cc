#include "system/monitor/affected.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/feature/vector.h"
#include "data/query/database.h"
#include "data/query/revision_sql.h"
#include "data/store/row_history.h"
#include "data/store/table_version.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "model/release/model_record.h"
#include "system/monitor/served_log.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr int64_t kShownPredictions = 20;

/// Whether `asked` is `from` or one that it descends from.
Result<bool> descends(const Repository& repository, const Id& from, const Id& asked) {
  std::set<Id> seen;
  std::vector<Id> waiting = {from};
  while (!waiting.empty()) {
    const Id id = waiting.back();
    waiting.pop_back();
    if (id == asked) return true;
    if (!seen.insert(id).second) continue;
    MILLGATE_ASSIGN(const Commit commit, repository.read_commit(id));
    waiting.insert(waiting.end(), commit.parents.begin(), commit.parents.end());
  }
  return false;
}

/// Tables that a run joined: its key has a part for each, "rows of `NAME`".
Result<std::set<std::string>> tables_read(const Ledger& ledger, const Id& model) {
  std::set<std::string> tables;
  MILLGATE_ASSIGN(const auto event, ledger.newest("run", model.hex()));
  if (!event) return tables;
  MILLGATE_ASSIGN(const Json body, parse_json(event->body, "run"));
  const auto key = body.find("join_key");
  if (key == body.end() || !key->is_array()) return tables;
  for (const Json& part : *key) {
    if (!part.is_array() || part.empty() || !part[0].is_string()) continue;
    const auto name = part[0].get<std::string>();
    if (name.starts_with("rows of `")) tables.insert(name.substr(9, name.size() - 10));
  }
  return tables;
}

Result<bool> holds_row(const Repository& repository, const Commit& commit,
                       const AffectedQuestion& question) {
  const auto table = commit.tables.find(question.table);
  if (table == commit.tables.end()) return false;
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), table->second));
  MILLGATE_ASSIGN(const std::string key, key_from_texts(version, question.key));
  MILLGATE_ASSIGN(const auto row, read_row(repository.objects(), version, key));
  return row != nullptr;
}

/// Why the model is affected; empty: it is not.
Result<std::string> why_affected(const Repository& repository, const ModelRecord& model,
                                 const AffectedQuestion& question,
                                 const std::optional<Commit>& asked) {
  MILLGATE_ASSIGN(const Id data, Id::parse(model.data_commit));
  if (asked) {
    if (asked->id == data) return std::string("it learned from that commit");
    MILLGATE_ASSIGN(const bool later, descends(repository, data, asked->id));
    return later ? std::string("its commit descends from that one") : std::string();
  }
  MILLGATE_ASSIGN(const std::set<std::string> tables,
                  tables_read(repository.ledger(), model.model));
  if (!tables.contains(question.table)) return std::string();
  if (question.key.empty()) return "its rows are joined from `" + question.table + "`";
  MILLGATE_ASSIGN(const Commit commit, repository.read_commit(data));
  MILLGATE_ASSIGN(const bool holds, holds_row(repository, commit, question));
  return holds ? "its commit " + commit.id.brief() + " holds the row" : std::string();
}

std::string time_condition(const AffectedQuestion& question) {
  std::string sql = "true";
  if (question.from) {
    sql += " and epoch_us(answered_at) >= " + std::to_string(question.from->micros);
  }
  if (question.to) sql += " and epoch_us(answered_at) < " + std::to_string(question.to->micros);
  return sql;
}

/// What a model answered.
struct Answers {
  int64_t count = 0;
  Time first, last;
};

Result<std::map<std::string, Answers>> count_answers(Database& database,
                                                     const AffectedQuestion& question) {
  MILLGATE_ASSIGN(const auto table,
                  database.query("select model::varchar as model, count(distinct prediction_id) "
                                 "as count, min(answered_at) as first, max(answered_at) as last "
                                 "from asked_log where model is not null and " +
                                 time_condition(question) + " group by model"));
  MILLGATE_ASSIGN(const Block block, block_from(*table, {{"model", ValueType::text},
                                                         {"count", ValueType::integer},
                                                         {"first", ValueType::time},
                                                         {"last", ValueType::time}}));
  std::map<std::string, Answers> answers;
  for (size_t row = 0; row < block.rows; ++row) {
    answers[block.columns[0].texts[row]] = {block.columns[1].integers[row],
                                            Time{block.columns[2].integers[row]},
                                            Time{block.columns[3].integers[row]}};
  }
  return answers;
}

/// Predictions that were asked about the row: those whose key was sent and is the same.
Status find_row_predictions(const Repository& repository, Database& database,
                            const AffectedQuestion& question, Affected& affected) {
  MILLGATE_ASSIGN(const Commit tip, repository.resolve(question.branch));
  const auto table = tip.tables.find(question.table);
  if (table == tip.tables.end()) return {};
  MILLGATE_ASSIGN(const TableVersion version,
                  read_table_version(repository.objects(), table->second));
  MILLGATE_ASSIGN(const auto columns, database.describe("from asked_log"));
  std::string condition = time_condition(question);
  MILLGATE_ASSIGN(const auto written, key_as_written(version, question.key));
  for (size_t at = 0; at < version.key.size(); ++at) {
    const std::string& column = version.key[at];
    const std::string logged = is_log_column(column) ? "input." + column : column;
    const bool there = std::any_of(columns.begin(), columns.end(),
                                   [&](const auto& one) { return one.first == logged; });
    if (!there) {
      affected.notes.push_back("predictions about the row cannot be known: `" + column +
                               "` was not logged");
      return {};
    }
    const std::string name = quote_name(logged);
    const std::string time = "try_cast(" + name + " as timestamptz) = try_cast(" +
                             quote_text(written[at]) + " as timestamptz)";
    condition += " and (" + name + "::varchar = " + quote_text(written[at]) + " or (" + time + "))";
  }
  MILLGATE_ASSIGN(
      affected.row_prediction_count,
      database.count("select count(distinct prediction_id) from asked_log where " + condition));
  MILLGATE_ASSIGN(
      const auto rows,
      database.query("select prediction_id::varchar as id from asked_log where " + condition +
                     " group by id order by max(answered_at) desc, id limit " +
                     std::to_string(kShownPredictions)));
  MILLGATE_ASSIGN(const Block block, block_from(*rows, {{"id", ValueType::text}}));
  affected.row_predictions = block.columns[0].texts;
  return {};
}

Status check_question(const Repository& repository, const AffectedQuestion& question) {
  if (question.table.empty() == question.commit.empty()) {
    return invalid_input("one thing must be asked about: a table, a row of it, or a commit",
                         "millgate affected TABLE [KEY...], or millgate affected --commit COMMIT");
  }
  if (question.table.empty()) return {};
  MILLGATE_ASSIGN(const Commit tip, repository.resolve(question.branch));
  if (tip.tables.contains(question.table)) return {};
  std::vector<std::string> names;
  names.reserve(tip.tables.size());
  for (const auto& [name, id] : tip.tables) names.push_back(name);
  return not_found("there is no table `" + question.table + "` at " + question.branch,
                   name_hint(question.table, names));
}

std::string words_of(const AffectedQuestion& question, const std::optional<Commit>& asked) {
  if (asked) return "commit " + asked->id.brief() + " (" + asked->message + ")";
  std::string words = "table " + question.table;
  for (size_t at = 0; at < question.key.size(); ++at) {
    words += (at == 0 ? ", row " : " ") + question.key[at];
  }
  return words;
}

}  // namespace

Result<Affected> find_affected(const Repository& repository, const AffectedQuestion& question) {
  MILLGATE_TRY(check_question(repository, question));
  std::optional<Commit> asked;
  if (!question.commit.empty()) {
    MILLGATE_ASSIGN(asked, repository.resolve(question.commit));
  }
  DatabaseOptions limits;
  limits.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open(limits));
  MILLGATE_TRY(database->execute("set TimeZone = 'UTC'"));
  MILLGATE_ASSIGN(
      const std::string sql,
      prepare_revision_sql(*database, repository, "select * from predictions", question.branch));
  MILLGATE_TRY(database->execute("create temp view asked_log as " + sql));
  MILLGATE_ASSIGN(const auto answers, count_answers(*database, question));
  Affected affected;
  affected.about = words_of(question, asked);
  MILLGATE_ASSIGN(const std::vector<ModelRecord> records, model_records(repository.ledger()));
  affected.model_count = static_cast<int64_t>(records.size());
  for (const ModelRecord& record : records) {
    const auto why = why_affected(repository, record, question, asked);
    if (!why) {
      affected.notes.push_back("model " + record.model.brief() +
                               " cannot be looked into: " + why.error().what);
      continue;
    }
    if (why->empty()) continue;
    AffectedModel model{.model = record.model.hex(),
                        .version = record.version,
                        .trained = record.trained,
                        .data_commit = record.data_commit,
                        .why = *why};
    for (const Serving& live : record.live) {
      model.live.push_back(live.environment.empty() ? "production" : live.environment);
    }
    if (const auto found = answers.find(record.model.brief()); found != answers.end()) {
      model.prediction_count = found->second.count;
      model.first = found->second.first;
      model.last = found->second.last;
    }
    affected.models.push_back(std::move(model));
  }
  if (!question.key.empty()) {
    MILLGATE_TRY(find_row_predictions(repository, *database, question, affected));
  }
  return affected;
}

nlohmann::ordered_json to_json(const Affected& affected) {
  Json models = Json::array();
  for (const AffectedModel& one : affected.models) {
    models.push_back({{"model", one.model},
                      {"version", one.version},
                      {"trained", to_string(one.trained)},
                      {"data_commit", one.data_commit},
                      {"why", one.why},
                      {"live", one.live},
                      {"prediction_count", one.prediction_count},
                      {"first", one.first ? Json(to_string(*one.first)) : Json(nullptr)},
                      {"last", one.last ? Json(to_string(*one.last)) : Json(nullptr)}});
  }
  return {{"about", affected.about},
          {"models", models},
          {"model_count", affected.model_count},
          {"row_prediction_count", affected.row_prediction_count},
          {"row_predictions", affected.row_predictions},
          {"notes", affected.notes}};
}

}  // namespace millgate
