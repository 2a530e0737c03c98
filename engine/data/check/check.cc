#include "data/check/check.h"

#include <algorithm>
#include <utility>

#include "data/check/judgement.h"
#include "data/check/rule_sql.h"
#include "data/check/since.h"
#include "data/query/sql_token.h"

namespace millgate {

namespace {

constexpr int kExamplesMax = 5;
constexpr int kBreakdownMax = 10;
constexpr size_t kColumnsShownMax = 6;

void add_once(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

std::string as_text(const std::string& column) {
  return "cast(" + sql_name(column) + " as varchar)";
}

/// Columns that name a broken row and show why: key, columns of the rule and of its slice.
std::vector<std::string> example_columns(const RuleSql& sql, const TableVersion& table) {
  std::vector<std::string> columns = table.key;
  add_once(columns, sql.columns);
  add_once(columns, sql.slice_columns);
  for (const ColumnStatistics& column : table.columns) {
    if (!columns.empty() && (!table.key.empty() || columns.size() >= kColumnsShownMax)) break;
    add_once(columns, {column.name});
  }
  return columns;
}

std::string examples_sql(const RuleSql& sql, const std::vector<std::string>& columns) {
  std::string select;
  for (const std::string& column : columns) {
    select += (select.empty() ? "" : ", ") + as_text(column);
  }
  std::vector<std::string> order = sql.ordered_by;
  add_once(order, columns);
  std::string order_by;
  for (const std::string& column : order) {
    order_by += (order_by.empty() ? "" : ", ") + sql_name(sql.table) + "." + sql_name(column);
  }
  return "select " + select + " from " + sql_name(sql.table) + " where " + sql.broken +
         " order by " + order_by + " limit " + std::to_string(kExamplesMax);
}

std::string breakdown_sql(const RuleSql& sql) {
  std::string value;
  for (const std::string& column : sql.columns) {
    value += (value.empty() ? "" : " || ', ' || ") + ("coalesce(" + as_text(column) + ", 'null')");
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
Status show_broken(Judgement& judgement, const RuleSql& sql, const std::string& revision,
                   const Rule& rule, Finding& finding) {
  finding.example_header = example_columns(sql, judgement.tables().at(sql.table));
  MILLGATE_ASSIGN(finding.examples, judgement.texts(examples_sql(sql, finding.example_header)));
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

}  // namespace

bool CheckReport::passed() const {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return !finding.passed && finding.severity == Severity::error;
  });
}

Result<CheckReport> check_commit(const Repository& repository, const Commit& commit,
                                 const std::vector<Rule>& rules) {
  MILLGATE_ASSIGN(const auto judgement, Judgement::open(repository, commit));
  std::vector<const Rule*> pointers;
  std::vector<RuleSql> sqls;
  for (const Rule& rule : rules) {
    MILLGATE_ASSIGN(RuleSql sql, judgement->find(rule));
    pointers.push_back(&rule);
    sqls.push_back(std::move(sql));
  }
  MILLGATE_ASSIGN(const std::vector<RuleCounts> counts, judgement->count(pointers, sqls));
  CheckReport report;
  report.commit = commit.id.brief();
  report.missing = missing_values(judgement->tables());
  const std::string revision = revision_of(repository, commit);
  std::vector<FailingRule> failing;
  for (size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
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
      MILLGATE_TRY(show_broken(*judgement, sqls[i], revision, rule, finding));
    }
    if (!finding.passed) failing.push_back({&rule, sqls[i].reads});
    report.findings.push_back(std::move(finding));
  }
  MILLGATE_ASSIGN(const std::vector<std::string> since, failing_since(repository, commit, failing));
  size_t next = 0;
  for (Finding& finding : report.findings) {
    if (!finding.passed) finding.since_commit = since[next++];
  }
  return report;
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
