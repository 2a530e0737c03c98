/// From the text of an expression to its typed tree, and the columns that it reads.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/expression_text.h"
#include "data/feature/typed_expression.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

/// Parses and checks. Errors: `invalid_input` at the place, kept in `source.fault_span()`.
[[nodiscard]] Result<TypedExpression> compile_expression(const ExpressionText& source,
                                                         const std::vector<Field>& available,
                                                         ExpressionUse use,
                                                         const ExpressionContext& context = {});

/// Positions in `available` of the columns that `expression` reads.
[[nodiscard]] std::set<size_t> columns_of(const TypedExpression& expression);

/// The columns that any expression reads, by name, and where each available one is among them.
struct InputLayout {
  std::vector<Field> fields;
  std::vector<uint32_t> position;  ///< One for each available column; 0 where it is not read.
};

[[nodiscard]] InputLayout lay_out_inputs(const std::vector<TypedExpression>& expressions,
                                         const std::vector<Field>& available);

}  // namespace millgate
