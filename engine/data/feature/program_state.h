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

/// What `evaluate` needs of one feature, beside its public description.
struct FeatureOutput {
  ValueSource source;
  ValueType type = ValueType::number;
  std::vector<size_t> number_inputs;              ///< Positions of inputs that may be NaN.
  std::unordered_map<std::string, double> codes;  ///< Of categories.
};

/// The inside of a FeatureProgram.
struct FeatureProgram::State {
  std::vector<Field> inputs;
  std::vector<Feature> features;
  std::vector<FeatureOutput> outputs;
  VectorProgram program;
  bool is_fitted = false;

  void add(const FeatureDefinition& definition, const TypedExpression& expression,
           const std::vector<Field>& available, const std::vector<uint32_t>& position);
  void set_categories(size_t feature, std::vector<std::string> categories);
  [[nodiscard]] Status check_block(const Block& block) const;
  void write(size_t feature, const Block& block, size_t first, size_t rows,
             const VectorProgramMemory& memory, double* out, EvaluationNotes* notes) const;
  [[nodiscard]] bool inputs_are_finite(size_t feature, const Block& block, size_t row) const;
};

}  // namespace millgate
