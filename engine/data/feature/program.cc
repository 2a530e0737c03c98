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
  FeatureOutput output;
  output.source = program.add(*expression.root, position);
  output.type = expression.root->type;
  output.form = expression.form;
  output.grams = expression.grams;
  output.column_count = static_cast<size_t>(expression.column_count);
  for (const size_t column : columns_of(expression)) {
    output.inputs.push_back(available[column].name);
    if (available[column].type == ValueType::number) {
      output.number_inputs.push_back(position[column]);
    }
  }
  std::sort(output.inputs.begin(), output.inputs.end());
  definitions.push_back(definition);
  outputs.push_back(std::move(output));
}

void FeatureProgram::State::set_categories(size_t output, std::vector<std::string> categories) {
  FeatureOutput& changed = outputs[output];
  changed.codes.clear();
  for (size_t code = 0; code < categories.size(); ++code) {
    changed.codes.emplace(categories[code], static_cast<double>(code));
  }
  changed.categories = std::move(categories);
  changed.has_categories = true;
  if (changed.form == ExpressionForm::one_hot) changed.column_count = changed.categories.size();
}

void FeatureProgram::State::lay_out_columns() {
  features.clear();
  for (size_t i = 0; i < outputs.size(); ++i) {
    FeatureOutput& output = outputs[i];
    output.column = features.size();
    const bool is_expanded = output.form == ExpressionForm::hashed_grams ||
                             output.form == ExpressionForm::elements ||
                             (output.form == ExpressionForm::one_hot && output.has_categories);
    for (size_t k = 0; k < output.column_count; ++k) {
      Feature feature{.name = definitions[i].name,
                      .expression = definitions[i].expression,
                      .is_category = output.form == ExpressionForm::category,
                      .categories = {},
                      .inputs = output.inputs};
      if (feature.is_category) feature.categories = output.categories;
      if (is_expanded && output.form == ExpressionForm::one_hot) {
        feature.name += "=" + output.categories[k];
      } else if (is_expanded) {
        feature.name += "#" + std::to_string(k);
      }
      features.push_back(std::move(feature));
    }
  }
}

bool FeatureProgram::State::has_learned() const {
  const bool has_categories =
      std::all_of(outputs.begin(), outputs.end(), [](const FeatureOutput& output) {
        return output.has_categories || !output.needs_categories();
      });
  const auto& calls = program.fitted_calls();
  return has_categories && std::all_of(calls.begin(), calls.end(), [](const FittedCall& call) {
           return call.learned != nullptr;
         });
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

bool FeatureProgram::State::inputs_are_finite(const FeatureOutput& output, const Block& block,
                                              size_t row) const {
  const std::vector<size_t>& columns = output.number_inputs;
  return std::all_of(columns.begin(), columns.end(), [&](size_t column) {
    return std::isfinite(block.columns[column].numbers[row]);  // 0 where it is null.
  });
}

namespace {

/// The counts of a text or the elements of a list in their columns; all are missing where there is
/// no text, or no list of so many elements.
void write_parts(const FeatureOutput& output, const Operand& values, size_t row,
                 std::span<double> cells) {
  std::fill(cells.begin(), cells.end(), kMissing);
  if (!values.valid(row)) return;
  if (output.form == ExpressionForm::hashed_grams) {
    return count_grams(Slot<std::string>::get(values, row), output.grams, cells);
  }
  const NumberList& list = Slot<NumberList>::get(values, row);
  if (list.size() != cells.size()) return;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!list.is_null(i) && !std::isnan(list.values[i])) cells[i] = list.values[i];
  }
}

}  // namespace

void FeatureProgram::State::write(const FeatureOutput& output, const Block& block, size_t first,
                                  size_t rows, const VectorProgramMemory& memory, double* out,
                                  EvaluationNotes* notes) const {
  const Operand values = program.operand(output.source, block, first, memory);
  const size_t width = features.size();
  for (size_t row = 0; row < rows; ++row) {
    double* cells = out + row * width + output.column;
    if (output.form == ExpressionForm::value) {
      *cells = number_at(values, output.type, row);
      if (notes != nullptr && values.valid(row) && !std::isfinite(*cells) &&
          inputs_are_finite(output, block, first + row)) {
        ++notes->not_finite[output.column];
      }
      continue;
    }
    if (output.form == ExpressionForm::hashed_grams || output.form == ExpressionForm::elements) {
      write_parts(output, values, row, {cells, output.column_count});
      continue;
    }
    const bool is_one_hot = output.form == ExpressionForm::one_hot;
    std::fill(cells, cells + output.column_count, is_one_hot ? 0.0 : kMissing);
    if (!values.valid(row)) continue;
    const auto code = output.codes.find(Slot<std::string>::get(values, row));
    if (code == output.codes.end()) {
      if (notes != nullptr) ++notes->unknown_category[output.column];
    } else if (is_one_hot) {
      cells[static_cast<size_t>(code->second)] = 1.0;
    } else {
      *cells = code->second;
    }
  }
}

Status FeatureProgram::State::evaluate(const Block& block, std::span<double> out,
                                       VectorProgramMemory& memory, const Replacements& replaced,
                                       EvaluationNotes* notes) const {
  MILLGATE_TRY(check_block(block));
  const size_t width = features.size();
  if (out.size() != block.rows * width) {
    return bug("room for " + std::to_string(out.size()) + " feature values was given, " +
               std::to_string(block.rows * width) + " are needed");
  }
  if (!is_fitted) return bug("features were evaluated before what they learn was learned");
  if (notes != nullptr) {
    notes->unknown_category.resize(width, 0);
    notes->not_finite.resize(width, 0);
  }
  for (size_t first = 0; first < block.rows; first += VectorProgram::kRowsMax) {
    const size_t rows = std::min(VectorProgram::kRowsMax, block.rows - first);
    program.run(block, first, rows, memory, replaced);
    for (const FeatureOutput& output : outputs) {
      write(output, block, first, rows, memory, out.data() + first * width, notes);
    }
  }
  return {};
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
                                               const std::vector<Field>& available,
                                               const ExpressionContext& context) {
  MILLGATE_TRY(check_unique(definitions));
  std::vector<TypedExpression> expressions;
  for (const FeatureDefinition& definition : definitions) {
    const ExpressionText source(definition.name, definition.expression);
    MILLGATE_ASSIGN(TypedExpression expression,
                    compile_expression(source, available, ExpressionUse::feature, context));
    expressions.push_back(std::move(expression));
  }
  InputLayout layout = lay_out_inputs(expressions, available);
  FeatureProgram program;
  State& state = *program.state_;
  state.inputs = std::move(layout.fields);
  for (size_t i = 0; i < definitions.size(); ++i) {
    state.add(definitions[i], expressions[i], available, layout.position);
    for (const std::string& name : expressions[i].calendars) {
      state.context.calendars.insert(*context.calendars.find(name));
    }
  }
  for (const Field& input : state.inputs) {
    const auto unit = context.units.find(input.name);
    if (unit != context.units.end()) state.context.units.insert(*unit);
  }
  state.lay_out_columns();
  state.is_fitted = state.has_learned();
  return program;
}

Result<FeatureProgram> FeatureProgram::compile(Section section, const std::vector<Field>& available,
                                               const ExpressionContext& context) {
  MILLGATE_ASSIGN(const auto lines, section.all_texts());
  std::vector<FeatureDefinition> definitions;
  for (const auto& [name, expression] : lines) {
    const ExpressionText source(name, expression);
    const auto compiled = compile_expression(source, available, ExpressionUse::feature, context);
    if (!compiled.ok()) {
      const auto span = source.fault_span();
      const std::string named = expression.substr(span.begin, span.end - span.begin);
      const bool is_feature = std::any_of(lines.begin(), lines.end(),
                                          [&](const auto& line) { return line.first == named; }) &&
                              std::none_of(available.begin(), available.end(),
                                           [&](const Field& field) { return field.name == named; });
      const std::string hint = is_feature
                                   ? "`" + named +
                                         "` is a feature, and features read columns, not one "
                                         "another: write its expression here"
                                   : compiled.error().hint;
      return section.error_at(name, compiled.error().what, hint, static_cast<uint32_t>(span.begin));
    }
    definitions.push_back({name, expression});
  }
  return compile(definitions, available, context);
}

const std::vector<Field>& FeatureProgram::inputs() const { return state_->inputs; }
const std::vector<Feature>& FeatureProgram::features() const { return state_->features; }
bool FeatureProgram::is_fitted() const { return state_->is_fitted; }
const std::vector<FeatureDefinition>& FeatureProgram::definitions() const {
  return state_->definitions;
}

Status FeatureProgram::evaluate(const Block& block, std::span<double> out,
                                EvaluationScratch& scratch, EvaluationNotes* notes) const {
  return state_->evaluate(block, out, scratch.state_->memory, {}, notes);
}

Status FeatureProgram::evaluate_training(const Block& training, std::span<double> out,
                                         EvaluationScratch& scratch) const {
  if (training.rows != state_->training_rows) {
    return bug(std::to_string(training.rows) + " rows were given as the " +
               std::to_string(state_->training_rows) + " that features were fitted to");
  }
  return state_->evaluate(training, out, scratch.state_->memory, state_->training_values, nullptr);
}

}  // namespace millgate
