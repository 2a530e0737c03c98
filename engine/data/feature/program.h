/// The row layer: feature expressions compiled once, evaluated the same way in training,
/// serving, batch prediction and tests. Language: docs/guides/expressions.md.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/fitted_function.h"
#include "data/feature/vector.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// Columns that one `one_hot` may make.
inline constexpr size_t kOneHotMax = 1000;

/// One line of `[features]`.
struct FeatureDefinition {
  std::string name;
  std::string expression;
};

/// What a compiled feature is: one column. `one_hot`, `hashed_words`
/// and their like define several.
struct Feature {
  std::string name;  ///< That of its definition; `carrier=AA`, `notes#3` where it gives several.
  std::string expression;
  bool is_category = false;             ///< Its values are codes 0, 1, 2 ... of `categories`.
  std::vector<std::string> categories;  ///< Learned by `fit`, sorted; the code is the index.
  std::vector<std::string> inputs;      ///< Input columns it reads.
};

/// One part of an expression and what it gave.
struct TracedValue {
  std::string text;       ///< As its author wrote it.
  std::string value;      ///< "null", 12.5, 'JFK', 2013-01-01T10:00:00Z.
  std::string learned;    ///< JSON of what the call learned; else empty.
  int depth = 0;          ///< 0 for the whole.
  bool is_input = false;  ///< A column.
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
      const std::vector<FeatureDefinition>& definitions, const std::vector<Field>& available,
      const ExpressionContext& context = {});

  /// The same for `[features]` of the project file; errors point at the place in the file.
  [[nodiscard]] static Result<FeatureProgram> compile(Section section,
                                                      const std::vector<Field>& available,
                                                      const ExpressionContext& context = {});

  /// The input columns that the features really read, sorted by name: the order of a Block.
  [[nodiscard]] const std::vector<Field>& inputs() const;
  /// In the order of the columns. `fit` adds those of `one_hot`, which has one before it.
  [[nodiscard]] const std::vector<Feature>& features() const;

  /// Learns what is learned (categories, scales, encodings) from training rows only. `labels`
  /// are for encodings by the target. Errors: `invalid_input`, `where` is the feature.
  [[nodiscard]] Status fit(const Block& training, const FitLabels& labels = {});
  /// As `evaluate` for the very rows of the last `fit`: a value that was learned from labels is
  /// then the one that the row may see, not one made from its own label.
  [[nodiscard]] Status evaluate_training(const Block& training, std::span<double> out,
                                         EvaluationScratch& scratch) const;
  /// Whether everything that is learned has been, so that it can be evaluated.
  [[nodiscard]] bool is_fitted() const;
  /// The value of every part of the feature of this name (that of a definition) in the first row
  /// of `row`: the whole, then its arguments, each with theirs. A part that is computed from
  /// learned parameters shows them. Errors: `not_found` with the nearest name; as `evaluate`.
  [[nodiscard]] Result<std::vector<TracedValue>> trace(const std::string& feature,
                                                       const Block& row) const;
  [[nodiscard]] const std::vector<FeatureDefinition>& definitions() const;
  /// What each fitted call learned: `[{"call": "standardize(x)", "learned": {...}}]`.
  [[nodiscard]] nlohmann::ordered_json learned() const;

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
  [[nodiscard]] Status fit_calls(const Block& training, const FitLabels& labels);
  [[nodiscard]] Status fit_categories(const Block& training);

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
