#include "data/check/rule_form.h"

#include <algorithm>
#include <span>
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

/// Names between commas.
Result<std::vector<NameInRule>> column_list(const Rule& rule, std::span<const SqlToken> tokens,
                                            const std::string& form) {
  const std::string what = "before `" + form + "` must stand columns, with commas between them";
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
    MILLGATE_ASSIGN(form.columns, column_list(rule, all.first(count - 2), "is unique"));
    return form;
  }
  const auto references = std::find_if(
      all.begin(), all.end(), [](const SqlToken& token) { return token.is_word("references"); });
  if (references == all.end()) return form;
  form.kind = RuleKind::reference;
  const auto before = static_cast<size_t>(references - all.begin());
  MILLGATE_ASSIGN(form.columns, column_list(rule, all.first(before), "references"));
  if (before + 1 == count) {
    return error_at_token(rule, "rule", *references,
                          "after `references` must stand columns of another table",
                          kReferenceExample);
  }
  MILLGATE_TRY(read_target(rule, all.subspan(before + 1), *references, form));
  return form;
}

}  // namespace millgate
