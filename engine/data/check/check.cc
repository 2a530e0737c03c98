#include "data/check/check.h"

#include <algorithm>
#include <utility>

#include "data/check/broken_rows.h"
#include "data/check/rule_judge.h"
#include "data/check/rule_sql.h"
#include "data/check/since.h"
#include "data/query/sql_token.h"

namespace millgate {

namespace {

constexpr int kExamplesMax = 5;
constexpr int kBreakdownMax = 10;

std::string breakdown_sql(const RuleSql& sql) {
  std::string value;
  for (const std::string& column : sql.columns) {
    value += (value.empty() ? "" : " || ', ' || ") + ("coalesce(" + text_sql(column) + ", 'null')");
  }
  return "select " + value + ", count(*) from " + sql_name(sql.table) + " where " + sql.broken +
         " group by 1 order by count(*) desc, 1 limit " + std::to_string(kBreakdownMax);
}

/// `text` as one word of a shell's command line.
std::string shell_word(const std::string& text) {
  std::string word = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') word += '\\';
    word += c;
  }
  return word + "\"";
}

std::string rows_sql(const RuleSql& sql, const std::string& revision) {
  return "select * from " + rule_table_text(sql.table, revision) + " where " + sql.broken;
}

/// What to show of the rows that break a rule.
Status show_broken(RuleJudge& judgement, const RuleSql& sql, const std::string& revision,
                   const Rule& rule, Finding& finding) {
  finding.example_header = example_columns(sql, judgement.tables().at(sql.table));
  MILLGATE_ASSIGN(finding.examples,
                  judgement.texts(examples_sql(sql, finding.example_header, kExamplesMax)));
  if (sql.columns.size() == 1 || sql.kind != RuleKind::condition) {
    MILLGATE_ASSIGN(const auto rows, judgement.texts(breakdown_sql(sql)));
    for (const auto& row : rows) finding.breakdown.emplace_back(row[0], std::stoll(row[1]));
  }
  MILLGATE_ASSIGN(const RuleSql written, make_rule_sql(rule, revision));
  finding.next_step = "millgate sql " + shell_word(rows_sql(written, revision));
  return {};
}

std::vector<MissingValues> missing_values(const TableVersions& tables) {
  std::vector<MissingValues> missing;
  for (const auto& [name, table] : tables) {
    for (const ColumnStatistics& column : table.columns) {
      if (column.null_count == 0) continue;
      missing.push_back({name, column.name, column.null_count, table.row_count});
    }
  }
  return missing;
}

/// Where `millgate sql` finds the rows of `commit`: nothing to say when it is the newest.
std::string revision_of(const Repository& repository, const Commit& commit) {
  const auto newest = repository.resolve(kCurrentBranch);
  return newest.ok() && newest->id == commit.id ? "" : commit.id.brief();
}

/// A rule and what it is on the commit of a judgement.
struct FoundRule {
  const Rule* rule = nullptr;
  RuleSql sql;
};

/// One finding a rule, but not since when.
Result<std::vector<Finding>> judge(RuleJudge& judgement, const std::vector<FoundRule>& found,
                                   const std::string& revision) {
  std::vector<const Rule*> rules;
  std::vector<RuleSql> sqls;
  for (const FoundRule& one : found) {
    rules.push_back(one.rule);
    sqls.push_back(one.sql);
  }
  MILLGATE_ASSIGN(const std::vector<RuleCounts> counts, judgement.count(rules, sqls));
  std::vector<Finding> findings;
  for (size_t i = 0; i < found.size(); ++i) {
    const Rule& rule = *found[i].rule;
    Finding finding;
    finding.table = rule.table;
    finding.rule = rule.rule;
    finding.where = rule.where;
    finding.severity = rule.severity;
    finding.at_least = rule.at_least;
    finding.place = rule.section.error_at("rule", "").where;
    finding.judged_count = counts[i].judged;
    finding.broken_count = counts[i].broken;
    finding.passed = counts[i].passed(rule.at_least);
    if (judges_table(sqls[i].kind)) {
      finding.measured = counts[i].measured;
    } else if (finding.broken_count > 0) {
      MILLGATE_TRY(show_broken(judgement, sqls[i], revision, rule, finding));
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

bool CheckReport::passed() const {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return !finding.passed && finding.severity == Severity::error;
  });
}

Result<CheckReport> check_commit(const Repository& repository, const Commit& commit,
                                 const std::vector<Rule>& rules) {
  MILLGATE_ASSIGN(const auto judgement, RuleJudge::open(repository, commit));
  std::vector<FoundRule> found;
  for (const Rule& rule : rules) {
    MILLGATE_ASSIGN(RuleSql sql, judgement->find(rule));
    found.push_back({&rule, std::move(sql)});
  }
  CheckReport report;
  report.commit = commit.id.brief();
  report.missing = missing_values(judgement->tables());
  const std::string revision = revision_of(repository, commit);
  MILLGATE_ASSIGN(report.findings, judge(*judgement, found, revision));
  std::vector<FailingRule> failing;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!report.findings[i].passed) failing.push_back({found[i].rule, found[i].sql.reads});
  }
  MILLGATE_ASSIGN(const std::vector<std::string> since, failing_since(repository, commit, failing));
  size_t next = 0;
  for (Finding& finding : report.findings) {
    if (!finding.passed) finding.since_commit = since[next++];
  }
  return report;
}

Result<std::vector<Finding>> check_change(const Repository& repository, const Commit& after,
                                          const std::set<std::string>& changed,
                                          const std::vector<Rule>& rules) {
  if (rules.empty() || changed.empty()) return std::vector<Finding>();
  MILLGATE_ASSIGN(const auto judgement, RuleJudge::open(repository, after));
  std::vector<FoundRule> found;
  for (const Rule& rule : rules) {
    auto sql = judgement->find(rule);
    if (!sql.ok()) {
      // A rule that could not be judged before either is no matter of this change.
      if (!changed.contains(rule.table)) continue;
      return std::move(sql).error();
    }
    const bool touched = std::any_of(sql->reads.begin(), sql->reads.end(),
                                     [&](const auto& table) { return changed.contains(table); });
    if (touched) found.push_back({&rule, *std::move(sql)});
  }
  MILLGATE_ASSIGN(std::vector<Finding> findings, judge(*judgement, found, ""));
  // What no revision names yet cannot be asked by a command.
  for (Finding& finding : findings) finding.next_step.clear();
  return findings;
}

Result<std::string> broken_rows_sql(const Rule& rule) {
  MILLGATE_ASSIGN(const RuleSql sql, make_rule_sql(rule));
  if (judges_table(sql.kind)) {
    return rule.section.error_at("rule", "this rule is about the table, not about rows",
                                 "`millgate check` says what it measured");
  }
  return rows_sql(sql, {});
}

}  // namespace millgate
