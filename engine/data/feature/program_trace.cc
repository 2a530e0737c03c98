#include <algorithm>
#include <numeric>
#include <utility>

#include "data/feature/compile.h"
#include "data/feature/operand_text.h"
#include "data/feature/program.h"
#include "data/feature/program_state.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

/// Where the value of one part comes from.
struct Part {
  const TypedNode* node = nullptr;
  ValueSource source;
  int depth = 0;
};

/// Parts that a person wrote; conversions and literals are left out.
void collect_parts(const TypedNode& node, const std::vector<uint32_t>& columns, int depth,
                   VectorProgram& program, std::vector<Part>& parts) {
  const bool is_shown = !node.text.empty();
  if (is_shown) {
    parts.push_back({.node = &node, .source = program.add(node, columns), .depth = depth});
  }
  for (const auto& argument : node.arguments) {
    collect_parts(*argument, columns, is_shown ? depth + 1 : depth, program, parts);
  }
}

std::string learned_by(const TypedNode& node, ValueSource source, const VectorProgram& program) {
  if (node.fitted == nullptr) return {};
  for (const FittedCall& call : program.fitted_calls()) {
    if (call.instruction == source.index && call.learned != nullptr) {
      return dump_json(call.learned->save());
    }
  }
  return {};
}

}  // namespace

Result<std::vector<TracedValue>> FeatureProgram::trace(const std::string& feature,
                                                       const Block& row) const {
  const auto& definitions = state_->definitions;
  const auto found =
      std::find_if(definitions.begin(), definitions.end(),
                   [&](const FeatureDefinition& one) { return one.name == feature; });
  if (found == definitions.end()) {
    std::vector<std::string> names;
    names.reserve(definitions.size());
    for (const FeatureDefinition& one : definitions) names.push_back(one.name);
    return not_found("there is no feature `" + feature + "`", name_hint(feature, names));
  }
  MILLGATE_TRY(state_->check_block(row));
  if (row.rows == 0) return not_found("there is no row to trace");
  if (!state_->is_fitted) return bug("features were traced before what they learn was learned");
  const ExpressionText source(found->name, found->expression);
  MILLGATE_ASSIGN(
      const TypedExpression expression,
      compile_expression(source, state_->inputs, ExpressionUse::feature, state_->context));
  std::vector<uint32_t> columns(state_->inputs.size());
  std::iota(columns.begin(), columns.end(), 0U);
  // Adding what a program has already gives where it is, so that the very instructions run
  // that training and serving run.
  VectorProgram program = state_->program;
  std::vector<Part> parts;
  collect_parts(*expression.root, columns, 0, program, parts);
  VectorProgramMemory memory;
  program.run(row, 0, 1, memory);
  std::vector<TracedValue> values;
  values.reserve(parts.size());
  for (const Part& part : parts) {
    values.push_back({.text = part.node->text,
                      .value = operand_text(program.operand(part.source, row, 0, memory), 0),
                      .learned = learned_by(*part.node, part.source, program),
                      .depth = part.depth,
                      .is_input = part.node->kernel == nullptr});
  }
  return values;
}

}  // namespace millgate
