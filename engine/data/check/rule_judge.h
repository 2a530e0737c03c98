/// Rules counted on one commit.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/check/rule.h"
#include "data/check/rule_sql.h"
#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// How many rows a rule spoke about, and how many of them break it.
struct RuleCounts {
  int64_t judged = 0;  ///< 1 for a rule about the table.
  int64_t broken = 0;
  std::string measured = {};  ///< Of a rule about the table: what was found.

  /// Whether the share of rows that meet the rule is at least `at_least`; true without rows.
  [[nodiscard]] bool passed(double at_least) const;
};

/// One commit opened for rules. One thread at a time.
class RuleJudge {
 public:
  /// Opens the tables of `commit`; the rules can reach nothing else.
  [[nodiscard]] static Result<std::unique_ptr<RuleJudge>> open(const Repository& repository,
                                                               const Commit& commit);

  [[nodiscard]] Result<RuleSql> find(const Rule& rule);
  /// Counts of `rules`, whose SQL is `sqls`, in their order: by the statistics of the table where
  /// they say it, else one query a table, and one for each rule about a table as a whole. Errors:
  /// at the place of the rule that failed.
  [[nodiscard]] Result<std::vector<RuleCounts>> count(const std::vector<const Rule*>& rules,
                                                      const std::vector<RuleSql>& sqls);
  /// The rows of `query` as texts; null is "null".
  [[nodiscard]] Result<std::vector<std::vector<std::string>>> texts(const std::string& query);

  [[nodiscard]] const TableVersions& tables() const { return tables_; }

 private:
  RuleJudge() = default;
  [[nodiscard]] Result<RuleCounts> judge_whole(const RuleSql& sql);
  TableVersions tables_;
  Time time_;  ///< Of the commit.
  std::unique_ptr<Database> database_;
  std::set<std::string> empty_copies_;  ///< Of which tables; see make_rule_sql.
};

}  // namespace millgate
