#include "data/feature/program.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "data/feature/compile.h"
#include "data/feature/expression_text.h"
#include "data/feature/program_state.h"
#include "data/feature/vector_program.h"

namespace millgate {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// The value of a row as a number; NaN has one bit pattern, whatever computed it.
double number_at(const Operand& operand, ValueType type, size_t row) {
  if (!operand.valid(row)) return kMissing;
  if (type != ValueType::number) return static_cast<double>(Slot<int64_t>::get(operand, row));
  const double value = Slot<double>::get(operand, row);
  return std::isnan(value) ? kMissing : value;
}

Status check_unique(const std::vector<FeatureDefinition>& definitions) {
  std::set<std::string> names;
  for (const FeatureDefinition& definition : definitions) {
    if (names.insert(definition.name).second) continue;
    Error error =
        invalid_input("two features are named `" + definition.name + "`", "rename one of them");
    error.where = definition.name;
    return error;
  }
  return {};
}

}  // namespace

/// The inside of an EvaluationScratch.
struct EvaluationScratch::State {
  VectorProgramMemory memory;
};

void FeatureProgram::State::add(const FeatureDefinition& definition,
                                const TypedExpression& expression,
                                const std::vector<Field>& available,
                                const std::vector<uint32_t>& position) {
  Feature feature{.name = definition.name,
                  .expression = definition.expression,
                  .is_category = expression.is_category,
                  .categories = {},
                  .inputs = {}};
  FeatureOutput output{.source = program.add(*expression.root, position),
                       .type = expression.root->type,
                       .number_inputs = {},
                       .codes = {}};
  for (const size_t column : columns_of(expression)) {
    feature.inputs.push_back(available[column].name);
    if (available[column].type == ValueType::number) {
      output.number_inputs.push_back(position[column]);
    }
  }
  std::sort(feature.inputs.begin(), feature.inputs.end());
  features.push_back(std::move(feature));
  outputs.push_back(std::move(output));
}

void FeatureProgram::State::set_categories(size_t feature, std::vector<std::string> categories) {
  auto& codes = outputs[feature].codes;
  codes.clear();
  for (size_t code = 0; code < categories.size(); ++code) {
    codes.emplace(categories[code], static_cast<double>(code));
  }
  features[feature].categories = std::move(categories);
}

Status FeatureProgram::State::check_block(const Block& block) const {
  if (block.columns.size() != inputs.size()) {
    return invalid_input("a block of " + std::to_string(block.columns.size()) +
                         " columns was given to features that read " +
                         std::to_string(inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Vector& column = block.columns[i];
    if (column.type != inputs[i].type) {
      return invalid_input("input `" + inputs[i].name + "` is " +
                           std::string(to_string(column.type)) + ", not " +
                           std::string(to_string(inputs[i].type)));
    }
    if (column.size() != block.rows) {
      return invalid_input("input `" + inputs[i].name + "` has " + std::to_string(column.size()) +
                           " rows, not " + std::to_string(block.rows));
    }
  }
  return {};
}

bool FeatureProgram::State::inputs_are_finite(size_t feature, const Block& block,
                                              size_t row) const {
  const std::vector<size_t>& columns = outputs[feature].number_inputs;
  return std::all_of(columns.begin(), columns.end(), [&](size_t column) {
    return std::isfinite(block.columns[column].numbers[row]);  // 0 where it is null.
  });
}

void FeatureProgram::State::write(size_t feature, const Block& block, size_t first, size_t rows,
                                  const VectorProgramMemory& memory, double* out,
                                  EvaluationNotes* notes) const {
  const FeatureOutput& output = outputs[feature];
  const Operand values = program.operand(output.source, block, first, memory);
  const size_t width = features.size();
  for (size_t row = 0; row < rows; ++row) {
    double& cell = out[row * width + feature];
    if (!features[feature].is_category) {
      cell = number_at(values, output.type, row);
      if (notes != nullptr && values.valid(row) && !std::isfinite(cell) &&
          inputs_are_finite(feature, block, first + row)) {
        ++notes->not_finite[feature];
      }
      continue;
    }
    cell = kMissing;
    if (!values.valid(row)) continue;
    const auto code = output.codes.find(Slot<std::string>::get(values, row));
    if (code != output.codes.end()) {
      cell = code->second;
    } else if (notes != nullptr) {
      ++notes->unknown_category[feature];
    }
  }
}

FeatureProgram::FeatureProgram() : state_(std::make_unique<State>()) {}
FeatureProgram::FeatureProgram(FeatureProgram&&) noexcept = default;
FeatureProgram& FeatureProgram::operator=(FeatureProgram&&) noexcept = default;
FeatureProgram::~FeatureProgram() = default;

EvaluationScratch::EvaluationScratch() : state_(std::make_unique<State>()) {}
EvaluationScratch::EvaluationScratch(EvaluationScratch&&) noexcept = default;
EvaluationScratch& EvaluationScratch::operator=(EvaluationScratch&&) noexcept = default;
EvaluationScratch::~EvaluationScratch() = default;

Result<FeatureProgram> FeatureProgram::compile(const std::vector<FeatureDefinition>& definitions,
                                               const std::vector<Field>& available) {
  MILLGATE_TRY(check_unique(definitions));
  std::vector<TypedExpression> expressions;
  for (const FeatureDefinition& definition : definitions) {
    const ExpressionText source(definition.name, definition.expression);
    MILLGATE_ASSIGN(TypedExpression expression,
                    compile_expression(source, available, ExpressionUse::feature));
    expressions.push_back(std::move(expression));
  }
  InputLayout layout = lay_out_inputs(expressions, available);
  FeatureProgram program;
  State& state = *program.state_;
  state.inputs = std::move(layout.fields);
  for (size_t i = 0; i < definitions.size(); ++i) {
    state.add(definitions[i], expressions[i], available, layout.position);
  }
  state.is_fitted = std::none_of(state.features.begin(), state.features.end(),
                                 [](const Feature& feature) { return feature.is_category; });
  return program;
}

Result<FeatureProgram> FeatureProgram::compile(Section section,
                                               const std::vector<Field>& available) {
  MILLGATE_ASSIGN(const auto lines, section.all_texts());
  std::vector<FeatureDefinition> definitions;
  for (const auto& [name, expression] : lines) {
    const ExpressionText source(name, expression);
    const auto compiled = compile_expression(source, available, ExpressionUse::feature);
    if (!compiled.ok()) {
      return section.error_at(name, compiled.error().what, compiled.error().hint,
                              static_cast<uint32_t>(source.fault_span().begin));
    }
    definitions.push_back({name, expression});
  }
  return compile(definitions, available);
}

const std::vector<Field>& FeatureProgram::inputs() const { return state_->inputs; }
const std::vector<Feature>& FeatureProgram::features() const { return state_->features; }

Status FeatureProgram::fit(const Block& training) {
  MILLGATE_TRY(state_->check_block(training));
  std::vector<std::set<std::string>> found(state_->features.size());
  VectorProgramMemory memory;
  for (size_t first = 0; first < training.rows; first += VectorProgram::kRowsMax) {
    const size_t rows = std::min(VectorProgram::kRowsMax, training.rows - first);
    state_->program.run(training, first, rows, memory);
    for (size_t i = 0; i < found.size(); ++i) {
      if (!state_->features[i].is_category) continue;
      const Operand values =
          state_->program.operand(state_->outputs[i].source, training, first, memory);
      for (size_t row = 0; row < rows; ++row) {
        if (values.valid(row)) found[i].insert(Slot<std::string>::get(values, row));
      }
    }
  }
  for (size_t i = 0; i < found.size(); ++i) {
    state_->set_categories(i, {found[i].begin(), found[i].end()});
  }
  state_->is_fitted = true;
  return {};
}

Status FeatureProgram::evaluate(const Block& block, std::span<double> out,
                                EvaluationScratch& scratch, EvaluationNotes* notes) const {
  MILLGATE_TRY(state_->check_block(block));
  const size_t width = state_->features.size();
  if (out.size() != block.rows * width) {
    return bug("room for " + std::to_string(out.size()) + " feature values was given, " +
               std::to_string(block.rows * width) + " are needed");
  }
  if (!state_->is_fitted) {
    return bug("features with categories were evaluated before the categories were learned");
  }
  if (notes != nullptr) {
    notes->unknown_category.resize(width, 0);
    notes->not_finite.resize(width, 0);
  }
  VectorProgramMemory& memory = scratch.state_->memory;
  for (size_t first = 0; first < block.rows; first += VectorProgram::kRowsMax) {
    const size_t rows = std::min(VectorProgram::kRowsMax, block.rows - first);
    state_->program.run(block, first, rows, memory);
    for (size_t feature = 0; feature < width; ++feature) {
      state_->write(feature, block, first, rows, memory, out.data() + first * width, notes);
    }
  }
  return {};
}

}  // namespace millgate
