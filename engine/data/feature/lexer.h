/// Words and signs of an expression.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/feature/expression_text.h"
#include "ground/error.h"

namespace millgate {

enum class TokenKind {
  name,         ///< `carrier`; `text` as written.
  quoted_name,  ///< `"my column"`; `text` without quotes.
  integer,      ///< `42`
  number,       ///< `4.2`, `.5`, `1e3`
  text,         ///< `'JFK'`; `text` without quotes.
  sign,         ///< An operator, bracket or comma; `text` as written, `!=` as `<>`.
  end,
};

/// One word, literal or sign of an expression.
struct ExpressionToken {
  TokenKind kind = TokenKind::end;
  ExpressionSpan span;
  std::string text;
  int64_t integer = 0;
  double number = 0.0;
};

/// The tokens of `source`; the last one is `end`.
/// Errors: `invalid_input` at the place of a character that begins nothing, of a quote without
/// its end and of a number out of range.
[[nodiscard]] Result<std::vector<ExpressionToken>> read_tokens(const ExpressionText& source);

}  // namespace millgate
