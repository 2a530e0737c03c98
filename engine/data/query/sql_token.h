/// The words of an SQL text, found without understanding it: what is a string, a quoted name
/// or a comment is told apart from the rest.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// What a token is.
enum class SqlTokenKind {
  word,         ///< A keyword or a plain name.
  quoted_name,  ///< "like this", with its quotes.
  text,         ///< 'like this', E'this' or $$this$$, with its quotes.
  number,
  symbol,      ///< One character of anything else.
  unfinished,  ///< A string, quoted name or comment that never ends.
};

/// One token; `text` is as written and refers to the SQL it was read from.
struct SqlToken {
  SqlTokenKind kind = SqlTokenKind::symbol;
  std::string_view text;
  size_t offset = 0;  ///< In bytes from the start of the SQL.

  [[nodiscard]] size_t end() const { return offset + text.size(); }
  [[nodiscard]] bool is_name() const {
    return kind == SqlTokenKind::word || kind == SqlTokenKind::quoted_name;
  }
  /// Whether it is the keyword or plain name `lower_case`, in any case of letters.
  [[nodiscard]] bool is_word(std::string_view lower_case) const;
  [[nodiscard]] bool is_symbol(char symbol) const {
    return kind == SqlTokenKind::symbol && text.front() == symbol;
  }
  /// The name that it stands for: without quotes, inner quotes single again.
  [[nodiscard]] std::string name() const;
};

/// Reads tokens one after the other; white space and comments are skipped. The SQL must
/// outlive it and its tokens.
class SqlScanner {
 public:
  explicit SqlScanner(std::string_view sql) : sql_(sql) {}
  /// Nothing at the end.
  [[nodiscard]] std::optional<SqlToken> next();
  /// Goes on at byte `offset`.
  void seek(size_t offset) { position_ = offset; }

 private:
  [[nodiscard]] bool skip_blank();
  [[nodiscard]] size_t quoted_end(size_t start, char quote, bool escapes) const;
  [[nodiscard]] size_t dollar_quoted_end(size_t start) const;
  [[nodiscard]] SqlToken take(SqlTokenKind kind, size_t end);

  std::string_view sql_;
  size_t position_ = 0;
};

/// All tokens of `sql`.
[[nodiscard]] std::vector<SqlToken> sql_tokens(std::string_view sql);

/// ASCII letters in lower case, as SQL compares names.
[[nodiscard]] std::string sql_lower(std::string_view name);

/// `name` as SQL needs it: in double quotes only where it would not be read as that name.
[[nodiscard]] std::string sql_name(std::string_view name);

}  // namespace millgate
