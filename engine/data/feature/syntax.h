/// The syntax tree of an expression: what was written, before names and types are known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/expression_text.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

enum class SyntaxKind {
  literal,
  column,
  call,  ///< Of a function; operators, `case`, `in` and `between` are functions too.
};

/// One node. Operators are calls of functions with the operator's name: `+`, `and`, `is null`.
/// `case when a then b ... else c end` is `case`(a, b, ..., c), with a null for a missing else.
struct SyntaxNode {
  SyntaxKind kind = SyntaxKind::literal;
  ExpressionSpan span;       ///< The whole of it.
  ExpressionSpan name_span;  ///< Only the column, function or operator.
  std::string name;          ///< Of the column (`view.column`) or function (lower case).

  std::optional<ValueType> literal_type;  ///< Nothing: the literal `null`.
  int64_t integer = 0;
  double number = 0.0;
  std::string text;

  std::vector<std::unique_ptr<SyntaxNode>> arguments;
  int height = 1;  ///< Bounded by kSyntaxHeightMax, so that walks may recurse.
};

inline constexpr size_t kExpressionBytesMax = 64 * 1024;
inline constexpr int kSyntaxHeightMax = 500;
inline constexpr int kNestingMax = 100;

/// Parses `source`. Errors: `invalid_input` with the place, what stands there and what could.
[[nodiscard]] Result<std::unique_ptr<SyntaxNode>> parse_expression(const ExpressionText& source);

}  // namespace millgate
