/// The row layer: feature expressions compiled once, evaluated the same way in training,
/// serving, batch prediction and tests. Language: docs/guides/expressions.md.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// One line of `[features]`.
struct FeatureDefinition {
  std::string name;
  std::string expression;
};

/// What a compiled feature is.
struct Feature {
  std::string name;
  std::string expression;
  bool is_category = false;             ///< Its values are codes 0, 1, 2 ... of `categories`.
  std::vector<std::string> categories;  ///< Learned by `fit`, sorted; the code is the index.
  std::vector<std::string> inputs;      ///< Input columns it reads.
};

/// What one evaluation noticed. Counts add up over calls.
struct EvaluationNotes {
  std::vector<int64_t> unknown_category;  ///< Per feature: values never seen in training.
  std::vector<int64_t> not_finite;        ///< Per feature: NaN or infinity from finite inputs.
};

/// Buffers of one thread, reused from call to call so that serving allocates nothing.
class EvaluationScratch;

/// Immutable after `fit`; then thread-safe with one scratch a thread.
class FeatureProgram {
 public:
  /// Compiles all definitions against the columns that exist. The order of features is the
  /// order given. Errors: `invalid_input`; `where` is the feature's name and `excerpt` shows the
  /// expression with a caret; unknown columns and functions name the nearest right one.
  [[nodiscard]] static Result<FeatureProgram> compile(
      const std::vector<FeatureDefinition>& definitions, const std::vector<Field>& available);

  /// The same for `[features]` of the project file; errors point at the place in the file.
  [[nodiscard]] static Result<FeatureProgram> compile(Section section,
                                                      const std::vector<Field>& available);

  /// The input columns that the features really read, sorted by name: the order of a Block.
  [[nodiscard]] const std::vector<Field>& inputs() const;
  [[nodiscard]] const std::vector<Feature>& features() const;

  /// Learns what is learned (categories) from training rows only.
  [[nodiscard]] Status fit(const Block& training);

  /// Fills `out` (row-major, block.rows x features().size()). Null becomes NaN; an unknown
  /// category becomes NaN and is counted in `notes` when given.
  /// Errors: `invalid_input` when the block's columns are not `inputs()`.
  [[nodiscard]] Status evaluate(const Block& block, std::span<double> out,
                                EvaluationScratch& scratch, EvaluationNotes* notes = nullptr) const;

  /// Definitions, inputs and what was learned; `load` gives an equal program.
  [[nodiscard]] nlohmann::ordered_json save() const;
  [[nodiscard]] static Result<FeatureProgram> load(const nlohmann::ordered_json& json);

  FeatureProgram(FeatureProgram&&) noexcept;
  FeatureProgram& operator=(FeatureProgram&&) noexcept;
  ~FeatureProgram();

 private:
  FeatureProgram();
  struct State;
  std::unique_ptr<State> state_;
};

/// Buffers of one thread, kept between calls of `evaluate`.
class EvaluationScratch {
 public:
  EvaluationScratch();
  ~EvaluationScratch();
  EvaluationScratch(EvaluationScratch&&) noexcept;
  EvaluationScratch& operator=(EvaluationScratch&&) noexcept;

 private:
  friend class FeatureProgram;
  struct State;
  std::unique_ptr<State> state_;
};

/// One boolean or number expression over columns, for labels (`arr_delay > 15`).
/// Returns one value a row: boolean, integer or number. Errors: as FeatureProgram::compile.
[[nodiscard]] Result<Vector> evaluate_expression(const std::string& expression,
                                                 const arrow::Table& table);

}  // namespace millgate
