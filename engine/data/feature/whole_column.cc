#include "data/feature/whole_column.h"

#include <algorithm>

#include "data/feature/vector_program.h"

namespace millgate {

Vector whole_column(const TypedExpression& expression, const std::vector<uint32_t>& columns,
                    const Block& block) {
  VectorProgram program;
  const ValueSource result = program.add(*expression.root, columns);
  Vector values;
  values.reset(expression.root->type, 0);
  VectorProgramMemory memory;
  for (size_t first = 0; first < block.rows; first += VectorProgram::kRowsMax) {
    const size_t rows = std::min(VectorProgram::kRowsMax, block.rows - first);
    program.run(block, first, rows, memory);
    values.append(program.operand(result, block, first, memory), rows);
  }
  return values;
}

}  // namespace millgate
