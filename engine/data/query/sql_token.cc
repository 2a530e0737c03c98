#include "data/query/sql_token.h"

#include <algorithm>
#include <array>

#include "data/query/database.h"

namespace millgate {

namespace {

constexpr size_t kNowhere = std::string_view::npos;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

/// Sorted. Those of category 'reserved' in duckdb_keywords(), and those of the others that are no
/// name of a column in some place of `select w from t where w is not null and w between 0 and 2 and
/// cast(w as int) <> 5`.
constexpr std::array<std::string_view, 105> kReserved = {
    "all",           "analyse",     "analyze",   "and",        "anti",         "any",
    "array",         "as",          "asc",       "asof",       "asymmetric",   "at",
    "authorization", "binary",      "both",      "by",         "case",         "cast",
    "check",         "collate",     "collation", "column",     "concurrently", "constraint",
    "create",        "cross",       "default",   "deferrable", "desc",         "describe",
    "distinct",      "do",          "else",      "end",        "except",       "false",
    "fetch",         "for",         "foreign",   "freeze",     "from",         "full",
    "glob",          "group",       "having",    "ilike",      "in",           "initially",
    "inner",         "intersect",   "into",      "is",         "isnull",       "join",
    "lambda",        "lateral",     "leading",   "left",       "like",         "limit",
    "natural",       "not",         "notnull",   "null",       "offset",       "on",
    "only",          "or",          "order",     "outer",      "overlaps",     "pivot",
    "pivot_longer",  "pivot_wider", "placing",   "positional", "primary",      "qualify",
    "references",    "returning",   "right",     "select",     "semi",         "show",
    "similar",       "some",        "summarize", "symmetric",  "table",        "tablesample",
    "then",          "to",          "trailing",  "true",       "union",        "unique",
    "unpack",        "unpivot",     "using",     "variadic",   "verbose",      "when",
    "where",         "window",      "with",
};

}  // namespace

bool SqlToken::is_word(std::string_view lower_case) const {
  return kind == SqlTokenKind::word && sql_lower(text) == lower_case;
}

std::string SqlToken::name() const {
  if (kind != SqlTokenKind::quoted_name) return std::string(text);
  std::string name;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    name += text[i];
    if (text[i] == '"') ++i;
  }
  return name;
}

std::optional<SqlToken> SqlScanner::next() {
  const size_t before = position_;
  if (!skip_blank()) {
    position_ = before;
    return take(SqlTokenKind::unfinished, sql_.size());
  }
  if (position_ >= sql_.size()) return std::nullopt;
  const char c = sql_[position_];
  const char after = position_ + 1 < sql_.size() ? sql_[position_ + 1] : '\0';
  const bool escaped = (c == 'e' || c == 'E') && after == '\'';
  if (c == '\'' || c == '"' || escaped) {
    const size_t end = quoted_end(position_ + (escaped ? 1 : 0), escaped ? after : c, escaped);
    if (end == kNowhere) return take(SqlTokenKind::unfinished, sql_.size());
    return take(c == '"' ? SqlTokenKind::quoted_name : SqlTokenKind::text, end);
  }
  if (c == '$' && (after == '$' || starts_word(after))) {
    const size_t end = dollar_quoted_end(position_);
    if (end == kNowhere) return take(SqlTokenKind::unfinished, sql_.size());
    return take(SqlTokenKind::text, end);
  }
  size_t end = position_ + 1;
  if (starts_word(c)) {
    while (end < sql_.size() && continues_word(sql_[end])) ++end;
    return take(SqlTokenKind::word, end);
  }
  if (is_digit(c)) {
    while (end < sql_.size() && (continues_word(sql_[end]) || sql_[end] == '.')) ++end;
    return take(SqlTokenKind::number, end);
  }
  return take(SqlTokenKind::symbol, end);
}

/// Moves to the next token. False when a comment never ends. Block comments nest.
bool SqlScanner::skip_blank() {
  while (position_ < sql_.size()) {
    const std::string_view rest = sql_.substr(position_);
    if (is_blank(rest.front())) {
      ++position_;
    } else if (rest.starts_with("--")) {
      position_ = std::min(sql_.find('\n', position_), sql_.size());
    } else if (rest.starts_with("/*")) {
      int depth = 0;
      do {
        const std::string_view pair = sql_.substr(position_, 2);
        if (pair.size() < 2) return false;
        depth += pair == "/*" ? 1 : pair == "*/" ? -1 : 0;
        position_ += pair == "/*" || pair == "*/" ? 2 : 1;
      } while (depth > 0);
    } else {
      break;
    }
  }
  return true;
}

/// One past the closing quote of the string that opens at `start`; a doubled quote is inside.
size_t SqlScanner::quoted_end(size_t start, char quote, bool escapes) const {
  for (size_t i = start + 1; i < sql_.size(); ++i) {
    if (escapes && sql_[i] == '\\') {
      ++i;
    } else if (sql_[i] == quote) {
      if (i + 1 >= sql_.size() || sql_[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return kNowhere;
}

/// One past `$tag$ ... $tag$`; one past the dollar when no such string opens here.
size_t SqlScanner::dollar_quoted_end(size_t start) const {
  size_t tag_end = start + 1;
  while (tag_end < sql_.size() && continues_word(sql_[tag_end]) && sql_[tag_end] != '$') ++tag_end;
  if (tag_end >= sql_.size() || sql_[tag_end] != '$') return start + 1;
  const std::string_view tag = sql_.substr(start, tag_end + 1 - start);
  const size_t closing = sql_.find(tag, tag_end + 1);
  return closing == kNowhere ? kNowhere : closing + tag.size();
}

SqlToken SqlScanner::take(SqlTokenKind kind, size_t end) {
  const SqlToken token{kind, sql_.substr(position_, end - position_), position_};
  position_ = end;
  return token;
}

std::vector<SqlToken> sql_tokens(std::string_view sql) {
  std::vector<SqlToken> tokens;
  SqlScanner scanner(sql);
  while (const auto token = scanner.next()) tokens.push_back(*token);
  return tokens;
}

std::string sql_lower(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string sql_name(std::string_view name) {
  const std::string lower = sql_lower(name);
  const bool plain = !name.empty() && starts_word(name.front()) &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return continues_word(c) && c != '$' && static_cast<unsigned char>(c) < 0x80;
                     });
  const bool reserved = std::binary_search(kReserved.begin(), kReserved.end(), lower);
  return plain && !reserved ? std::string(name) : quote_name(name);
}

}  // namespace millgate
