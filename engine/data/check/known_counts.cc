#include "data/check/known_counts.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "data/check/rule_form.h"
#include "data/query/sql_token.h"

namespace millgate {

namespace {

/// Whole numbers between which all values meet a rule, both included.
struct Range {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
};

/// A whole number with or without a minus, taken off the front of `tokens`.
std::optional<int64_t> take_number(std::span<const SqlToken>& tokens) {
  const bool minus = !tokens.empty() && tokens[0].is_symbol('-');
  if (tokens.size() < (minus ? 2U : 1U)) return std::nullopt;
  const SqlToken& digits = tokens[minus ? 1 : 0];
  if (digits.kind != SqlTokenKind::number) return std::nullopt;
  const auto number = whole_number(digits.text);
  if (!number) return std::nullopt;
  tokens = tokens.subspan(minus ? 2 : 1);
  return minus ? -*number : *number;
}

/// What follows the column: "between 1 and 5", ">= 1".
std::optional<Range> range_of(std::span<const SqlToken> tokens) {
  Range range;
  if (tokens[0].is_word("between")) {
    tokens = tokens.subspan(1);
    const auto low = take_number(tokens);
    if (!low || tokens.empty() || !tokens[0].is_word("and")) return std::nullopt;
    tokens = tokens.subspan(1);
    const auto high = take_number(tokens);
    if (!high || !tokens.empty()) return std::nullopt;
    return Range{*low, *high};
  }
  const char sign = tokens[0].kind == SqlTokenKind::symbol ? tokens[0].text.front() : '\0';
  if (sign != '<' && sign != '>' && sign != '=') return std::nullopt;
  const bool or_equal = sign != '=' && tokens.size() > 1 && tokens[1].is_symbol('=');
  tokens = tokens.subspan(or_equal ? 2 : 1);
  const auto bound = take_number(tokens);
  if (!bound || !tokens.empty()) return std::nullopt;
  // No number lies beyond the greatest; the least of all is not written by its digits.
  if (sign == '>' && !or_equal && *bound == range.high) return std::nullopt;
  if (sign != '<') range.low = *bound + (sign == '>' && !or_equal ? 1 : 0);
  if (sign != '>') range.high = *bound - (sign == '<' && !or_equal ? 1 : 0);
  return range;
}

}  // namespace

std::optional<RuleCounts> known_counts(const Rule& rule, const TableVersion& table) {
  if (!sql_tokens(rule.where).empty()) return std::nullopt;
  const std::vector<SqlToken> tokens = sql_tokens(rule.rule);
  if (tokens.size() < 3) return std::nullopt;
  const auto name = column_name(tokens[0]);
  if (!name) return std::nullopt;
  const auto column = std::find_if(
      table.columns.begin(), table.columns.end(),
      [&](const ColumnStatistics& one) { return sql_lower(one.name) == sql_lower(*name); });
  if (column == table.columns.end()) return std::nullopt;
  if (tokens.size() == 4 && tokens[1].is_word("is") && tokens[2].is_word("not") &&
      tokens[3].is_word("null")) {
    return RuleCounts{.judged = table.row_count, .broken = column->null_count};
  }
  const auto field = table.schema->GetFieldByName(column->name);
  if (field == nullptr || !arrow::is_integer(field->type()->id())) return std::nullopt;
  const auto range = range_of(std::span(tokens).subspan(1));
  if (!range) return std::nullopt;
  // Where all are null, each of them counts as met.
  if (column->null_count < table.row_count) {
    const auto low = whole_number(column->minimum);
    const auto high = whole_number(column->maximum);
    if (!low || !high || *low < range->low || *high > range->high) return std::nullopt;
  }
  return RuleCounts{.judged = table.row_count, .broken = 0};
}

}  // namespace millgate
