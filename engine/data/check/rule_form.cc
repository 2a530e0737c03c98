#include "data/check/rule_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "data/query/sql_token.h"

namespace millgate {

namespace {

constexpr const char* kReferenceExample = "for example: tailnum references planes.tailnum";

Error error_at_token(const Rule& rule, const std::string& key, const SqlToken& token,
                     std::string what, std::string hint = {}) {
  return rule.section.error_at(key, std::move(what), std::move(hint),
                               static_cast<uint32_t>(token.offset));
}

/// Whether `tokens` are one expression as far as brackets and quotes go, so that it can stand
/// inside others without changing what they mean.
Status check_closed(const Rule& rule, const std::string& key, std::span<const SqlToken> tokens) {
  std::vector<SqlToken> open;
  for (const SqlToken& token : tokens) {
    if (token.kind == SqlTokenKind::unfinished) {
      return error_at_token(rule, key, token, "a quote or comment is never closed");
    }
    if (token.is_symbol(';')) {
      return error_at_token(rule, key, token, "`;` cannot stand in a condition");
    }
    const bool opens = token.is_symbol('(') || token.is_symbol('[') || token.is_symbol('{');
    if (opens) open.push_back(token);
    const char wanted = token.is_symbol(')')   ? '('
                        : token.is_symbol(']') ? '['
                        : token.is_symbol('}') ? '{'
                                               : '\0';
    if (wanted == '\0') continue;
    if (open.empty() || !open.back().is_symbol(wanted)) {
      return error_at_token(rule, key, token, "`" + std::string(token.text) + "` closes nothing");
    }
    open.pop_back();
  }
  if (open.empty()) return {};
  return error_at_token(rule, key, open.back(),
                        "`" + std::string(open.back().text) + "` is never closed");
}

/// Names between commas; `place` says where they stand, for the error.
Result<std::vector<NameInRule>> column_list(const Rule& rule, std::span<const SqlToken> tokens,
                                            const std::string& place) {
  const std::string what = place + " must stand columns, with commas between them";
  if (tokens.empty()) return rule.section.error_at("rule", what);
  std::vector<NameInRule> columns;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const bool name_wanted = i % 2 == 0;
    const bool fits = name_wanted ? tokens[i].is_name() : tokens[i].is_symbol(',');
    if (!fits) return error_at_token(rule, "rule", tokens[i], what);
    if (name_wanted) {
      columns.push_back({tokens[i].name(), static_cast<uint32_t>(tokens[i].offset)});
    }
  }
  if (tokens.size() % 2 == 0) return error_at_token(rule, "rule", tokens.back(), what);
  return columns;
}

/// `other.x, other.y` after the word `references`.
Status read_target(const Rule& rule, std::span<const SqlToken> tokens, const SqlToken& references,
                   RuleForm& form) {
  for (size_t i = 0; i < tokens.size(); i += 4) {
    const bool fits = i + 2 < tokens.size() && tokens[i].is_name() &&
                      tokens[i + 1].is_symbol('.') && tokens[i + 2].is_name() &&
                      (i + 3 == tokens.size() || tokens[i + 3].is_symbol(',')) &&
                      i + 4 != tokens.size();
    if (!fits) {
      return error_at_token(rule, "rule", tokens[i],
                            "after `references` must stand columns of another table",
                            kReferenceExample);
    }
    const NameInRule table{tokens[i].name(), static_cast<uint32_t>(tokens[i].offset)};
    if (i > 0 && sql_lower(table.name) != sql_lower(form.other_table.name)) {
      return error_at_token(rule, "rule", tokens[i],
                            "a reference leads to one table, not to `" + form.other_table.name +
                                "` and `" + table.name + "`");
    }
    if (i == 0) form.other_table = table;
    form.other_columns.push_back(
        {tokens[i + 2].name(), static_cast<uint32_t>(tokens[i + 2].offset)});
  }
  if (form.other_columns.size() == form.columns.size()) return {};
  return error_at_token(rule, "rule", references,
                        std::to_string(form.columns.size()) + " columns cannot reference " +
                            std::to_string(form.other_columns.size()),
                        kReferenceExample);
}

/// `rows between 1000 and 5000`.
Status read_row_count(const Rule& rule, std::span<const SqlToken> tokens, RuleForm& form) {
  const bool fits = tokens.size() == 5 && tokens[3].is_word("and");
  const auto least = fits ? whole_number(tokens[2].text) : std::nullopt;
  const auto most = fits ? whole_number(tokens[4].text) : std::nullopt;
  if (!least || !most || *most < *least) {
    return error_at_token(rule, "rule", tokens[0], "`rows between` needs two numbers of rows",
                          "for example: rows between 1000 and 5000");
  }
  form.kind = RuleKind::row_count;
  form.row_count_min = *least;
  form.row_count_max = *most;
  return {};
}

/// `at is fresh within '2 days'`.
Status read_fresh(const Rule& rule, std::span<const SqlToken> tokens, RuleForm& form) {
  const bool fits = tokens.size() == 5 && tokens[0].is_name() && tokens[3].is_word("within") &&
                    tokens[4].kind == SqlTokenKind::text && tokens[4].text.size() > 2 &&
                    tokens[4].text.front() == '\'';
  if (!fits) {
    return error_at_token(rule, "rule", tokens[0], "freshness needs a column and a span of time",
                          "for example: time_hour is fresh within '2 days'");
  }
  form.kind = RuleKind::fresh;
  form.columns = {{tokens[0].name(), static_cast<uint32_t>(tokens[0].offset)}};
  form.within = std::string(tokens[4].text.substr(1, tokens[4].text.size() - 2));
  return {};
}

/// Aggregate functions of DuckDB that give one value whatever the order of the rows.
constexpr auto kAggregates = std::to_array<std::string_view>({
    "approx_count_distinct",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "count_if",
    "countif",
    "covar_pop",
    "covar_samp",
    "entropy",
    "fsum",
    "kahan_sum",
    "kurtosis",
    "kurtosis_pop",
    "mad",
    "max",
    "mean",
    "median",
    "min",
    "quantile",
    "quantile_cont",
    "quantile_disc",
    "regr_r2",
    "regr_slope",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
});

/// The place behind the bracket that `tokens[open]` opens; they are known to close.
size_t behind_bracket(std::span<const SqlToken> tokens, size_t open) {
  int depth = 0;
  size_t i = open;
  do {
    if (tokens[i].is_symbol('(')) ++depth;
    if (tokens[i].is_symbol(')')) --depth;
    ++i;
  } while (depth > 0);
  return i;
}

/// The aggregates of `rule`, outside of subqueries: those judge by other rows, but one row. A
/// window (`over`) gives each row a value of its own, and is no aggregate.
std::vector<std::string> aggregates_of(const std::string& rule, std::span<const SqlToken> tokens) {
  std::vector<std::string> calls;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].is_symbol('(') &&
        (tokens[i + 1].is_word("select") || tokens[i + 1].is_word("from"))) {
      i = behind_bracket(tokens, i) - 1;
      continue;
    }
    const bool is_call = tokens[i].kind == SqlTokenKind::word && tokens[i + 1].is_symbol('(') &&
                         (i == 0 || !tokens[i - 1].is_symbol('.'));
    if (!is_call || std::find(kAggregates.begin(), kAggregates.end(),
                              sql_lower(tokens[i].name())) == kAggregates.end()) {
      continue;
    }
    size_t end = behind_bracket(tokens, i + 1);
    if (end + 1 < tokens.size() && tokens[end].is_word("filter") &&
        tokens[end + 1].is_symbol('(')) {
      end = behind_bracket(tokens, end + 1);
    }
    if (end < tokens.size() && tokens[end].is_word("over")) continue;
    std::string call = rule.substr(tokens[i].offset, tokens[end - 1].end() - tokens[i].offset);
    if (std::find(calls.begin(), calls.end(), call) == calls.end()) {
      calls.push_back(std::move(call));
    }
    i = end - 1;
  }
  return calls;
}

}  // namespace

Result<RuleForm> parse_rule(const Rule& rule) {
  const std::vector<SqlToken> where = sql_tokens(rule.where);
  MILLGATE_TRY(check_closed(rule, "where", where));
  const std::vector<SqlToken> tokens = sql_tokens(rule.rule);
  if (tokens.empty()) return rule.section.error_at("rule", "the rule says nothing");
  MILLGATE_TRY(check_closed(rule, "rule", tokens));
  const std::span<const SqlToken> all(tokens);
  RuleForm form;
  const size_t count = all.size();
  if (count >= 2 && all[count - 2].is_word("is") && all[count - 1].is_word("unique")) {
    form.kind = RuleKind::unique;
    MILLGATE_ASSIGN(form.columns, column_list(rule, all.first(count - 2), "before `is unique`"));
    return form;
  }
  if (count >= 2 && all[0].is_word("rows") && all[1].is_word("between")) {
    MILLGATE_TRY(read_row_count(rule, all, form));
    return form;
  }
  if (count >= 3 && all[1].is_word("is") && all[2].is_word("fresh")) {
    MILLGATE_TRY(read_fresh(rule, all, form));
    return form;
  }
  const auto determines = std::find_if(
      all.begin(), all.end(), [](const SqlToken& token) { return token.is_word("determines"); });
  if (determines != all.end()) {
    form.kind = RuleKind::determined;
    const auto place = static_cast<size_t>(determines - all.begin());
    MILLGATE_ASSIGN(form.columns, column_list(rule, all.first(place), "before `determines`"));
    MILLGATE_ASSIGN(form.other_columns,
                    column_list(rule, all.subspan(place + 1), "after `determines`"));
    return form;
  }
  const auto references = std::find_if(
      all.begin(), all.end(), [](const SqlToken& token) { return token.is_word("references"); });
  if (references == all.end()) {
    form.aggregates = aggregates_of(rule.rule, all);
    if (!form.aggregates.empty()) form.kind = RuleKind::aggregate;
    return form;
  }
  form.kind = RuleKind::reference;
  const auto before = static_cast<size_t>(references - all.begin());
  MILLGATE_ASSIGN(form.columns, column_list(rule, all.first(before), "before `references`"));
  if (before + 1 == count) {
    return error_at_token(rule, "rule", *references,
                          "after `references` must stand columns of another table",
                          kReferenceExample);
  }
  MILLGATE_TRY(read_target(rule, all.subspan(before + 1), *references, form));
  return form;
}

std::optional<std::string> column_name(const SqlToken& token) {
  if (!token.is_name()) return std::nullopt;
  std::string name = token.name();
  if (token.kind != SqlTokenKind::quoted_name && sql_name(name) != name) return std::nullopt;
  return name;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace millgate
