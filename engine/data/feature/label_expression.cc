#include "data/feature/label_expression.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "data/feature/compile.h"
#include "data/feature/program.h"
#include "data/feature/vector_program.h"

namespace millgate {

std::vector<Field> fields_of(const arrow::Schema& schema) {
  std::vector<Field> fields;
  for (const std::shared_ptr<arrow::Field>& field : schema.fields()) {
    const auto type = value_type_of(*field->type());
    if (type) fields.push_back({field->name(), *type});
  }
  return fields;
}

Result<Vector> evaluate_label(const ExpressionText& source, const arrow::Table& table) {
  const std::vector<Field> available = fields_of(*table.schema());
  MILLGATE_ASSIGN(TypedExpression expression,
                  compile_expression(source, available, ExpressionUse::label));
  std::vector<TypedExpression> expressions;
  expressions.push_back(std::move(expression));
  const InputLayout layout = lay_out_inputs(expressions, available);
  VectorProgram program;
  const TypedNode& root = *expressions.front().root;
  const ValueSource result = program.add(root, layout.position);
  MILLGATE_ASSIGN(const Block block, block_from(table, layout.fields));

  Vector values;
  values.reset(root.type, block.rows);
  VectorProgramMemory memory;
  for (size_t first = 0; first < block.rows; first += VectorProgram::kRowsMax) {
    const size_t rows = std::min(VectorProgram::kRowsMax, block.rows - first);
    program.run(block, first, rows, memory);
    const Operand operand = program.operand(result, block, first, memory);
    for (size_t row = 0; row < rows; ++row) {
      if (!operand.valid(row)) continue;
      values.valid[first + row] = 1;
      if (root.type == ValueType::number) {
        values.numbers[first + row] = Slot<double>::get(operand, row);
      } else {
        values.integers[first + row] = Slot<int64_t>::get(operand, row);
      }
    }
  }
  return values;
}

Result<Vector> evaluate_expression(const std::string& expression, const arrow::Table& table) {
  return evaluate_label(ExpressionText({}, expression), table);
}

}  // namespace millgate
