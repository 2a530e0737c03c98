#include "data/query/statement_guard.h"

#include <duckdb.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "data/query/sql_error.h"
#include "data/query/sql_token.h"

namespace millgate {

namespace {

constexpr std::array<std::string_view, 9> kReadingWords = {
    "select", "with", "from", "values", "table", "describe", "summarize", "show", "pivot"};

/// Called as tables these do more than read. Also all that start with enable_ or disable_.
constexpr std::array<std::string_view, 9> kForbiddenFunctions = {
    "arrow_scan",           "arrow_scan_dumb",  "check_peg_parser",
    "checkpoint",           "force_checkpoint", "query",
    "truncate_duckdb_logs", "write_log",        "json_execute_serialized_sql"};

/// One past the group in round brackets that opens at `start`.
size_t group_end(const std::vector<SqlToken>& tokens, size_t start) {
  int depth = 0;
  for (size_t i = start; i < tokens.size(); ++i) {
    depth += tokens[i].is_symbol('(') ? 1 : tokens[i].is_symbol(')') ? -1 : 0;
    if (depth == 0) return i + 1;
  }
  return tokens.size();
}

/// EXPLAIN ANALYZE runs what it explains, so that must only read as well.
bool explains_reading(std::string_view sql) {
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  size_t i = 0;
  while (i < tokens.size() && (tokens[i].is_word("explain") || tokens[i].is_word("analyze") ||
                               tokens[i].is_word("analyse") || tokens[i].is_word("verbose"))) {
    ++i;
  }
  if (i < tokens.size() && tokens[i].is_symbol('(')) {  // Options, or a whole query in brackets.
    i = group_end(tokens, i);
    if (i == tokens.size()) return true;
  }
  return i < tokens.size() &&
         std::any_of(kReadingWords.begin(), kReadingWords.end(),
                     [&](std::string_view word) { return tokens[i].is_word(word); });
}

}  // namespace

Status check_only_reads(int statement_type, std::string_view sql) {
  if (statement_type == DUCKDB_STATEMENT_TYPE_SELECT ||
      statement_type == DUCKDB_STATEMENT_TYPE_CREATE) {
    return {};
  }
  if (statement_type == DUCKDB_STATEMENT_TYPE_EXPLAIN && explains_reading(sql)) return {};
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  std::string word = tokens.empty() ? "this statement" : sql_lower(tokens.front().text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return Error{.code = ErrorCode::refused,
               .what = "SQL: " + word + " is not allowed here, SQL only reads",
               .hint = "use SELECT; tables change by `millgate commit`"};
}

Status check_calls(std::string_view sql) {
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_name() || !tokens[i + 1].is_symbol('(')) continue;
    const std::string name = sql_lower(tokens[i].name());
    const bool forbidden = name.starts_with("enable_") || name.starts_with("disable_") ||
                           std::find(kForbiddenFunctions.begin(), kForbiddenFunctions.end(),
                                     name) != kForbiddenFunctions.end();
    if (!forbidden) continue;
    return at_sql_place(Error{.code = ErrorCode::refused,
                              .what = "SQL: function `" + name + "` is not allowed here",
                              .hint = "use SELECT over the tables of the project"},
                        sql, tokens[i].offset, tokens[i].text.size());
  }
  return {};
}

}  // namespace millgate
