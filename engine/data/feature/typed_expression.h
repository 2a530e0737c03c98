/// The typed tree of an expression: which kernel runs on which values.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/expression_text.h"
#include "data/feature/kernel.h"
#include "data/feature/syntax.h"
#include "data/feature/text_gram.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

struct FittedKind;

/// One node: a constant (one value, `arguments` empty, no kernel), a column, or a kernel.
struct TypedNode {
  ValueType type = ValueType::number;
  Kernel kernel = nullptr;
  std::vector<std::unique_ptr<TypedNode>> arguments;
  Vector constant;                           ///< Size 1 for a constant, else 0.
  size_t column = 0;                         ///< Index into the fields it was checked against.
  std::shared_ptr<const Prepared> prepared;  ///< Of a literal that its function prepares.
  const FittedKind* fitted = nullptr;  ///< The kernel takes one operand more: what it learned.
  std::string prepared_key;            ///< Equal for literals that are prepared alike.
  std::string text;  ///< Of columns and calls, as their author wrote them; empty for conversions.
};

/// What becomes of the value of a whole expression.
enum class ExpressionForm : uint8_t {
  value,         ///< It is the feature.
  category,      ///< `category(x)`: `root` is the text of x, the feature its code.
  one_hot,       ///< `one_hot(x)`: one column for each category.
  hashed_grams,  ///< `hashed_words(s, n)` and its like: n columns that count parts of s.
  elements,      ///< `elements(l, n)`: n columns, one for each element of l.
};

/// An expression whose types are right.
struct TypedExpression {
  std::unique_ptr<TypedNode> root;
  ExpressionForm form = ExpressionForm::value;
  int64_t column_count = 1;              ///< Of `hashed_words(s, n)` and its like: n.
  Grams grams = {};                      ///< Of `hashed_grams`.
  std::set<std::string> calendars = {};  ///< Names of those that it uses.
};

/// What the result of an expression is used for, which decides what it may be.
enum class ExpressionUse {
  feature,  ///< boolean, integer, number, or `category(...)`.
  label,    ///< boolean, integer or number.
  value,    ///< Any type: it takes the place of a column.
};

/// Resolves names against `fields` and overloads by types.
/// Errors: `invalid_input` at the place; unknown columns and functions name the nearest one.
[[nodiscard]] Result<TypedExpression> check_types(const ExpressionText& source,
                                                  const SyntaxNode& syntax,
                                                  const std::vector<Field>& fields,
                                                  ExpressionUse use,
                                                  const ExpressionContext& context = {});

}  // namespace millgate
