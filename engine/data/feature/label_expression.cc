#include "data/feature/label_expression.h"

#include <arrow/api.h>

#include <utility>

#include "data/feature/compile.h"
#include "data/feature/program.h"
#include "data/feature/whole_column.h"

namespace millgate {

std::vector<Field> fields_of(const arrow::Schema& schema) {
  std::vector<Field> fields;
  for (const std::shared_ptr<arrow::Field>& field : schema.fields()) {
    const auto type = value_type_of(*field->type());
    if (type) fields.push_back({field->name(), *type});
  }
  return fields;
}

Result<Vector> evaluate_label(const ExpressionText& source, const arrow::Table& table,
                              TaskKind kind) {
  const std::vector<Field> available = fields_of(*table.schema());
  MILLGATE_ASSIGN(TypedExpression expression,
                  compile_expression(
                      source, available,
                      kind == TaskKind::multiclass ? ExpressionUse::value : ExpressionUse::label));
  std::vector<TypedExpression> expressions;
  expressions.push_back(std::move(expression));
  const InputLayout layout = lay_out_inputs(expressions, available);
  MILLGATE_ASSIGN(const Block block, block_from(table, layout.fields));
  return whole_column(expressions.front(), layout.position, block);
}

Result<Vector> evaluate_expression(const std::string& expression, const arrow::Table& table) {
  return evaluate_label(ExpressionText({}, expression), table);
}

}  // namespace millgate
