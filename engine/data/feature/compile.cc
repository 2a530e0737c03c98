#include "data/feature/compile.h"

#include <algorithm>
#include <memory>

#include "data/feature/syntax.h"
#include "data/feature/unit_check.h"

namespace millgate {
namespace {

void collect_columns(const TypedNode& node, std::set<size_t>& columns) {
  if (node.kernel == nullptr && node.constant.size() == 0) columns.insert(node.column);
  for (const auto& argument : node.arguments) collect_columns(*argument, columns);
}

}  // namespace

Result<TypedExpression> compile_expression(const ExpressionText& source,
                                           const std::vector<Field>& available, ExpressionUse use,
                                           const ExpressionContext& context) {
  MILLGATE_ASSIGN(const std::unique_ptr<SyntaxNode> syntax, parse_expression(source));
  MILLGATE_TRY(check_units(source, *syntax, context));
  return check_types(source, *syntax, available, use, context);
}

std::set<size_t> columns_of(const TypedExpression& expression) {
  std::set<size_t> columns;
  collect_columns(*expression.root, columns);
  return columns;
}

InputLayout lay_out_inputs(const std::vector<TypedExpression>& expressions,
                           const std::vector<Field>& available) {
  std::set<size_t> used;
  for (const TypedExpression& expression : expressions) used.merge(columns_of(expression));
  std::vector<size_t> order(used.begin(), used.end());
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return available[a].name < available[b].name; });
  InputLayout layout;
  layout.position.resize(available.size());
  for (const size_t column : order) {
    layout.position[column] = static_cast<uint32_t>(layout.fields.size());
    layout.fields.push_back(available[column]);
  }
  return layout;
}

}  // namespace millgate
