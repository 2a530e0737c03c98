/// Rules applied to a commit: which rows break them, and since when.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/check/rule.h"
#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// What one rule found in one commit.
struct Finding {
  std::string table;
  std::string rule;
  std::string where;
  Severity severity = Severity::error;
  double at_least = 1.0;
  int64_t judged_count = 0;  ///< Rows that the rule spoke about.
  int64_t broken_count = 0;  ///< Rows that do not meet it. A null condition counts as met,
                             ///< as in SQL's CHECK; write `is not null` to forbid nulls.
  bool passed = false;
  std::string measured;  ///< Of a rule about the table as a whole: the number of rows, or the
                         ///< newest time; judged_count is then 1. Empty for the other forms.
  std::vector<std::string> example_header;
  std::vector<std::vector<std::string>> examples;  ///< Keys and columns of the rule; at most 5.
  /// Most frequent broken values, at most 10 ("SJU", 5819): of the columns of a reference or
  /// of uniqueness, or of the one column that a condition is about.
  std::vector<std::pair<std::string, int64_t>> breakdown;
  /// Brief id of the commit, going back by first parents, from which on the rule has failed
  /// all the time. Empty when it passed. Looks back at most 1000 commits.
  std::string since_commit;
  std::string place;      ///< Of the rule in the project file: "millgate.toml:12:8".
  std::string next_step;  ///< A command that shows the broken rows; empty when there are none.
};

/// Columns with missing values, found without any rule.
struct MissingValues {
  std::string table;
  std::string column;
  int64_t null_count = 0;
  int64_t row_count = 0;
};

/// What the rules found in one commit.
struct CheckReport {
  std::string commit;             ///< Brief id.
  std::vector<Finding> findings;  ///< One per rule, in the order of the project file.
  std::vector<MissingValues> missing;
  [[nodiscard]] bool passed() const;  ///< No finding of severity error failed.
};

/// Judges every rule on `commit`. Rules of one table share one pass over it.
///
/// A rule that judged no row passes. In "a, b references other.x, other.y" and "a, b is unique"
/// a row in which one of the columns is null is not judged; every row that shares its values
/// with another one breaks uniqueness. "a determines b" judges rows in which neither is null, and
/// all rows of a value of a that comes with several of b break it. "rows between 10 and 20" and
/// "at is fresh within '2 days'" judge the table; fresh is measured from the commit's time, and a
/// table without any time is not fresh. A slice (`where`) that is null for a row leaves it out.
/// Errors: `invalid_input` at the rule's place for unknown tables, columns or bad SQL.
[[nodiscard]] Result<CheckReport> check_commit(const Repository& repository, const Commit& commit,
                                               const std::vector<Rule>& rules);

/// Judges those rules that read a table of `changed`, on a commit that is not made yet: its tables
/// and its time are looked at. `next_step` and `since_commit` of what is found are empty. Errors:
/// as `check_commit`, for rules about a table of `changed`.
[[nodiscard]] Result<std::vector<Finding>> check_change(const Repository& repository,
                                                        const Commit& after,
                                                        const std::set<std::string>& changed,
                                                        const std::vector<Rule>& rules);

/// SQL giving all rows that break `rule`, for export. Tables stand by their plain names.
/// Errors: `invalid_input` at the rule's place.
[[nodiscard]] Result<std::string> broken_rows_sql(const Rule& rule);

}  // namespace millgate
