/// Units through an expression: miles are not added to kilometres.
#pragma once

#include "data/feature/expression_context.h"
#include "data/feature/expression_text.h"
#include "data/feature/syntax.h"
#include "ground/error.h"

namespace millgate {

/// Sums, differences, comparisons and choices need one unit; products multiply them. Literals
/// and columns without a unit fit everything.
/// Errors: `invalid_input` at the place of a mismatch, with the conversion that mends it.
[[nodiscard]] Status check_units(const ExpressionText& source, const SyntaxNode& syntax,
                                 const ExpressionContext& context);

}  // namespace millgate
