/// What a FeatureProgram holds; shared by the files that implement it.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "data/feature/program.h"
#include "data/feature/typed_expression.h"
#include "data/feature/vector.h"
#include "data/feature/vector_program.h"
#include "ground/error.h"

namespace millgate {

/// What `evaluate` needs of one definition: where its value comes from, and which columns it
/// fills.
struct FeatureOutput {
  ValueSource source;
  ValueType type = ValueType::number;
  ExpressionForm form = ExpressionForm::value;
  Grams grams;        ///< Of `hashed_grams`.
  size_t column = 0;  ///< The first one.
  size_t column_count = 1;
  std::vector<size_t> number_inputs;  ///< Positions of inputs that may be NaN.
  std::vector<std::string> inputs;    ///< Names, sorted.
  bool has_categories = false;        ///< They were learned.
  std::vector<std::string> categories;
  std::unordered_map<std::string, double> codes;  ///< Of categories.

  [[nodiscard]] bool needs_categories() const {
    return form == ExpressionForm::category || form == ExpressionForm::one_hot;
  }
};

/// The inside of a FeatureProgram.
struct FeatureProgram::State {
  std::vector<Field> inputs;
  std::vector<FeatureDefinition> definitions;
  std::vector<FeatureOutput> outputs;  ///< One a definition.
  std::vector<Feature> features;       ///< One a column.
  VectorProgram program;
  ExpressionContext context;  ///< What the definitions use of it.
  bool is_fitted = false;
  Replacements training_values;  ///< Of the rows of the last `fit`.
  size_t training_rows = 0;

  void add(const FeatureDefinition& definition, const TypedExpression& expression,
           const std::vector<Field>& available, const std::vector<uint32_t>& position);
  void set_categories(size_t output, std::vector<std::string> categories);
  /// Makes `features` and the places of outputs anew, after widths became known.
  void lay_out_columns();
  /// Whether everything that is learned has been.
  [[nodiscard]] bool has_learned() const;
  [[nodiscard]] Status check_block(const Block& block) const;
  [[nodiscard]] Status evaluate(const Block& block, std::span<double> out,
                                VectorProgramMemory& memory, const Replacements& replaced,
                                EvaluationNotes* notes) const;
  void write(const FeatureOutput& output, const Block& block, size_t first, size_t rows,
             const VectorProgramMemory& memory, double* out, EvaluationNotes* notes) const;
  [[nodiscard]] bool inputs_are_finite(const FeatureOutput& output, const Block& block,
                                       size_t row) const;
};

}  // namespace millgate
