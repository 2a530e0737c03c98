/// The typed tree of an expression: which kernel runs on which values.
#pragma once

#include <memory>
#include <vector>

#include "data/feature/expression_text.h"
#include "data/feature/kernel.h"
#include "data/feature/syntax.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

/// One node: a constant (one value, `arguments` empty, no kernel), a column, or a kernel.
struct TypedNode {
  ValueType type = ValueType::number;
  Kernel kernel = nullptr;
  std::vector<std::unique_ptr<TypedNode>> arguments;
  Vector constant;    ///< Size 1 for a constant, else 0.
  size_t column = 0;  ///< Index into the fields it was checked against.
};

/// An expression whose types are right.
struct TypedExpression {
  std::unique_ptr<TypedNode> root;
  bool is_category = false;  ///< `category(x)`: `root` is the text of x.
};

/// What the result of an expression is used for, which decides what it may be.
enum class ExpressionUse {
  feature,  ///< boolean, integer, number, or `category(...)`.
  label,    ///< boolean, integer or number.
};

/// Resolves names against `fields` and overloads by types.
/// Errors: `invalid_input` at the place; unknown columns and functions name the nearest one.
[[nodiscard]] Result<TypedExpression> check_types(const ExpressionText& source,
                                                  const SyntaxNode& syntax,
                                                  const std::vector<Field>& fields,
                                                  ExpressionUse use);

}  // namespace millgate
