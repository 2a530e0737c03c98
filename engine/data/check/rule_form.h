/// What a rule says, taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/check/rule.h"
#include "data/query/sql_token.h"
#include "ground/error.h"

namespace millgate {

/// A name inside the text of a rule.
struct NameInRule {
  std::string name;
  uint32_t offset = 0;  ///< In bytes from the start of the rule's text.
};

/// The forms of a rule.
enum class RuleKind {
  condition,   ///< "distance > 0": of each row.
  unique,      ///< "a, b is unique".
  reference,   ///< "a, b references other.x, other.y".
  determined,  ///< "a, b determines c": rows that agree in a and b agree in c.
  row_count,   ///< "rows between 1000 and 5000": of the table.
  fresh,       ///< "at is fresh within '2 days'": of the table, by its newest row.
  aggregate,   ///< "avg(fee) between 1 and 9": of the table, by what its rows come to together.
};
/// Whether a rule of this form judges the table as a whole and not row by row.
[[nodiscard]] inline bool judges_table(RuleKind kind) {
  return kind == RuleKind::row_count || kind == RuleKind::fresh || kind == RuleKind::aggregate;
}

/// A rule taken apart; its names are not looked up yet.
struct RuleForm {
  RuleKind kind = RuleKind::condition;
  std::vector<NameInRule> columns;        ///< Before the words of the form.
  NameInRule other_table;                 ///< Of references.
  std::vector<NameInRule> other_columns;  ///< Of references, as many as `columns`; determined ones.
  int64_t row_count_min = 0, row_count_max = 0;
  std::string within;                   ///< Of freshness: an interval as SQL reads it, "2 days".
  std::vector<std::string> aggregates;  ///< The calls, each once, as written: "avg(fee)".
};

/// Errors: `invalid_input` at the place in the rule: brackets, quotes or comments that do not
/// close, a list of columns that is none, references of unequal length or to several tables.
[[nodiscard]] Result<RuleForm> parse_rule(const Rule& rule);

/// The name that a token of a rule is, where it can be that of a column: a word that names one only
/// in quotes, such as `true`, means something else without.
[[nodiscard]] std::optional<std::string> column_name(const SqlToken& token);

/// The number that a token or a bound is, without a fraction; nothing beyond 64 bits.
[[nodiscard]] std::optional<int64_t> whole_number(std::string_view text);

}  // namespace millgate
