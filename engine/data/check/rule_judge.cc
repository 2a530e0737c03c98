#include "data/check/rule_judge.h"

#include <arrow/api.h>

#include <utility>

#include "data/check/known_counts.h"
#include "data/query/revision_sql.h"
#include "data/query/sql_token.h"
#include "data/store/version_update.h"
#include "data/table/arrow_result.h"

namespace millgate {

namespace {

/// One pass over `table`: how many rows each rule judged, and how many break it.
std::string counting_sql(const std::string& table, const std::vector<const RuleSql*>& sqls) {
  std::string counts;
  for (const RuleSql* sql : sqls) {
    const std::string judged = sql->judged == "true" ? "" : " filter (where " + sql->judged + ")";
    counts += (counts.empty() ? "" : ", ") + ("count(*)" + judged) + ", count(*) filter (where " +
              sql->broken + ")";
  }
  return "select " + counts + " from " + sql_name(table);
}

Result<std::vector<RuleCounts>> count_table(Database& database, const std::string& table,
                                            const std::vector<const RuleSql*>& sqls) {
  MILLGATE_ASSIGN(const auto row, database.query(counting_sql(table, sqls)));
  std::vector<RuleCounts> counts(sqls.size());
  for (size_t i = 0; i < sqls.size(); ++i) {
    for (int part = 0; part < 2; ++part) {
      MILLGATE_ARROW(const auto value, row->column(static_cast<int>(2 * i) + part)->GetScalar(0),
                     "counts of rules");
      (part == 0 ? counts[i].judged : counts[i].broken) =
          static_cast<const arrow::Int64Scalar&>(*value).value;
    }
  }
  return counts;
}

}  // namespace

bool RuleCounts::passed(double at_least) const {
  // A share of 0.9 of ten rows is nine of them, whatever 0.9 is in binary.
  const double needed = at_least * static_cast<double>(judged);
  return static_cast<double>(judged - broken) >= needed - 1e-9 * needed;
}

Result<std::unique_ptr<RuleJudge>> RuleJudge::open(const Repository& repository,
                                                   const Commit& commit) {
  std::unique_ptr<RuleJudge> judgement(new RuleJudge());
  MILLGATE_ASSIGN(judgement->database_,
                  Database::open({.spill_folder = repository.folder("scratch"), .user_sql = true}));
  judgement->time_ = commit.time;
  for (const auto& [name, version] : commit.tables) {
    MILLGATE_ASSIGN(TableVersion read, read_table_version(repository.objects(), version));
    MILLGATE_ASSIGN(read, counted_version(repository.objects(), read));
    judgement->tables_.emplace(name, std::move(read));
  }
  MILLGATE_TRY(add_commit(*judgement->database_, repository, commit));
  return judgement;
}

Result<RuleSql> RuleJudge::find(const Rule& rule) {
  return make_rule_sql(rule, tables_, *database_, empty_copies_);
}

Result<RuleCounts> RuleJudge::judge_whole(const RuleSql& sql) {
  MILLGATE_ASSIGN(const auto row, database_->query(at_time(sql.whole, time_)));
  MILLGATE_ARROW(const auto measured, row->column(0)->GetScalar(0), "a rule about a table");
  MILLGATE_ARROW(const auto good, row->column(1)->GetScalar(0), "a rule about a table");
  const bool is_good = good->is_valid && static_cast<const arrow::BooleanScalar&>(*good).value;
  return RuleCounts{1, is_good ? 0 : 1, measured->ToString()};
}

Result<std::vector<RuleCounts>> RuleJudge::count(const std::vector<const Rule*>& rules,
                                                 const std::vector<RuleSql>& sqls) {
  std::map<std::string, std::vector<size_t>> by_table;
  std::vector<RuleCounts> counts(sqls.size());
  for (size_t i = 0; i < sqls.size(); ++i) {
    if (!judges_table(sqls[i].kind)) {
      const bool is_condition = sqls[i].kind == RuleKind::condition;
      const auto known =
          is_condition ? known_counts(*rules[i], tables_.at(sqls[i].table)) : std::nullopt;
      if (known) counts[i] = *known;
      if (!known) by_table[sqls[i].table].push_back(i);
      continue;
    }
    auto judged = judge_whole(sqls[i]);
    if (!judged.ok()) return rule_failure(*rules[i], *database_, judged.error());
    counts[i] = std::move(judged).value();
  }
  for (const auto& [table, indices] : by_table) {
    std::vector<const RuleSql*> together;
    for (const size_t i : indices) together.push_back(&sqls[i]);
    const auto counted = count_table(*database_, table, together);
    for (size_t k = 0; counted.ok() && k < indices.size(); ++k) counts[indices[k]] = (*counted)[k];
    if (counted.ok()) continue;
    // A value that a rule cannot work with ended the pass: find whose it was.
    for (const size_t i : indices) {
      const auto alone = count_table(*database_, table, {&sqls[i]});
      if (!alone.ok()) return rule_failure(*rules[i], *database_, alone.error());
    }
    return counted.error();
  }
  return counts;
}

Result<std::vector<std::vector<std::string>>> RuleJudge::texts(const std::string& query) {
  MILLGATE_ASSIGN(const auto table, database_->query(query));
  std::vector<std::vector<std::string>> rows(static_cast<size_t>(table->num_rows()));
  for (int column = 0; column < table->num_columns(); ++column) {
    for (size_t row = 0; row < rows.size(); ++row) {
      MILLGATE_ARROW(const auto value, table->column(column)->GetScalar(static_cast<int64_t>(row)),
                     "broken rows");
      rows[row].push_back(value->is_valid ? value->ToString() : "null");
    }
  }
  return rows;
}

}  // namespace millgate
