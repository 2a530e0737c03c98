#include "data/personal/guarded_cells.h"

#include <algorithm>

#include "data/query/sql_token.h"

namespace millgate {

namespace {

constexpr const char* kMask = "***";

bool is_missing(const std::string& text) { return text.empty() || text == "null"; }

/// Every name of `expression`, in lower case: "mail", and of "past.mail" also that as a whole.
std::vector<std::string> names_in(const std::string& expression) {
  std::vector<std::string> names;
  const std::vector<SqlToken> tokens = sql_tokens(expression);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is_name()) continue;
    names.push_back(sql_lower(tokens[i].name()));
    const bool is_part = i >= 2 && tokens[i - 1].is_symbol('.') && tokens[i - 2].is_name();
    if (is_part) names.push_back(sql_lower(tokens[i - 2].name()) + "." + names.back());
  }
  return names;
}

}  // namespace

void GuardedCells::guard(const std::string& name, PersonalExit exit,
                         const std::shared_ptr<const PersonalKey>& key, bool is_plain) {
  if (exit == PersonalExit::as_they_are) return;
  const bool is_hashed = exit == PersonalExit::hashed && is_plain;
  exits_[sql_lower(name)] = {.name = name, .key = is_hashed ? key : nullptr};
}

bool GuardedCells::guards(const std::string& expression) const {
  if (all_) return true;
  if (exits_.empty()) return false;
  if (exits_.contains(sql_lower(expression))) return true;
  const auto names = names_in(expression);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return exits_.contains(name); });
}

std::string GuardedCells::shown(const std::string& expression, const std::string& text) const {
  if (is_missing(text) || !guards(expression)) return text;
  auto found = exits_.find(sql_lower(expression));
  if (found == exits_.end()) {
    const auto tokens = sql_tokens(expression);
    if (tokens.size() == 1 && tokens[0].is_name()) found = exits_.find(sql_lower(tokens[0].name()));
  }
  const bool is_hashed = found != exits_.end() && found->second.key != nullptr;
  return is_hashed ? found->second.key->pseudonym(text) : kMask;
}

std::string GuardedCells::shown_apart(const std::string& expression, const std::string& text,
                                      size_t number) const {
  std::string apart = shown(expression, text);
  if (apart == kMask && guards(expression)) apart += " " + std::to_string(number);
  return apart;
}

void GuardedCells::name_apart(const std::string& expression,
                              std::vector<std::string>& texts) const {
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = shown_apart(expression, texts[i], i + 1);
}

std::string GuardedCells::condition(const std::string& sql) const {
  if (!guards(sql)) return sql;
  std::string text;
  size_t copied = 0;
  for (const SqlToken& token : sql_tokens(sql)) {
    if (token.kind != SqlTokenKind::text && token.kind != SqlTokenKind::number) continue;
    text += sql.substr(copied, token.offset - copied) + "'" + kMask + "'";
    copied = token.end();
  }
  return text + sql.substr(copied);
}

void GuardedCells::show_row(const std::vector<std::string>& columns,
                            std::vector<std::string>& row) const {
  for (size_t i = 0; i < row.size() && i < columns.size(); ++i) row[i] = shown(columns[i], row[i]);
}

std::vector<std::string> GuardedCells::names() const {
  std::vector<std::string> names;
  names.reserve(exits_.size());
  for (const auto& [lower, one] : exits_) names.push_back(one.name);
  return names;
}

}  // namespace millgate
