/// A rule as SQL over the tables of a commit.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/check/rule.h"
#include "data/check/rule_form.h"
#include "data/query/database.h"
#include "data/store/table_version.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// The tables of one commit by their names.
using TableVersions = std::map<std::string, TableVersion>;

/// A rule whose names were found in a commit. Holds no reference to it.
struct RuleSql {
  RuleKind kind = RuleKind::condition;
  std::string table;               ///< As the commit names it.
  std::vector<std::string> reads;  ///< All tables that the rule reads, `table` first.
  std::string judged;              ///< Condition: the rule speaks about the row.
  std::string broken;              ///< Condition: the row does not meet it.
  /// Of a rule that judges the table: a query of one row with what was measured, as text, and
  /// whether that is good. `$now` stands for the time of the commit. Empty for the other forms.
  std::string whole;
  std::vector<std::string> columns;        ///< Of `table` that the rule is about.
  std::vector<std::string> slice_columns;  ///< Of `table` that its slice names.
  std::vector<std::string> ordered_by;     ///< Columns that bring broken rows into order.
};

/// Finds the names of `rule` in `tables`, which `database` holds, and tries the SQL without
/// running it. `empty_copies` names the tables that `database` also holds without rows, made here
/// when a rule needs them; it begins empty and stays beside the database.
/// Errors: `invalid_input` at the place in the rule, with the nearest name.
[[nodiscard]] Result<RuleSql> make_rule_sql(const Rule& rule, const TableVersions& tables,
                                            Database& database,
                                            std::set<std::string>& empty_copies);

/// The same from the words of the rule alone, nothing looked up: `table`, `judged`, `broken`.
/// With a `revision`, tables of the rule's own are read there ("flights@a1b2c3").
/// Errors: as `parse_rule`.
[[nodiscard]] Result<RuleSql> make_rule_sql(const Rule& rule, const std::string& revision = {});

/// `RuleSql::whole` as of `now`.
[[nodiscard]] std::string at_time(std::string whole, Time now);

/// `from`, as a FROM clause names the table of a rule: "flights@a1b2c3 as flights".
[[nodiscard]] std::string rule_table_text(const std::string& table, const std::string& revision);

/// The error of a rule whose SQL failed while it ran: at its place in the rule if that can be
/// found, else at the rule. `failure` is what was seen.
[[nodiscard]] Error rule_failure(const Rule& rule, Database& database, const Error& failure);

}  // namespace millgate
