/// `[[expectation]]` of the project file: what people know that a model must say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/input_change.h"
#include "data/feature/vector.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

class Model;

/// What a prediction does when its row is changed.
enum class Reaction {
  same,        ///< It moves by the tolerance at most; of several classes, the decided one stays.
  rises,       ///< By more than the tolerance.
  falls,       ///< By more than the tolerance.
  not_lower,   ///< It falls by the tolerance at most.
  not_higher,  ///< It rises by the tolerance at most.
};

/// One of them. Either a change of rows and the reaction to it (invariance and direction), or
/// bounds of what is predicted (minimum cases), in the words of CheckList (Ribeiro et al. 2020).
struct ModelExpectation {
  std::string name;
  std::optional<InputChange> change;
  Reaction reaction = Reaction::same;       ///< With `change`.
  double tolerance = 0;                     ///< In the unit of the prediction.
  std::optional<double> at_least, at_most;  ///< Without `change`: of the prediction.
  std::string class_name;        ///< Of several classes: the one whose probability is meant.
  std::string where;             ///< Over columns that the model reads: which rows; empty: all.
  std::optional<Section> given;  ///< One row, instead of rows of the data.
  double share = 1;              ///< Of the rows, that must hold at least.
  Section section;
};

/// Errors: `invalid_input` with the place.
[[nodiscard]] Result<ModelExpectation> read_expectation(Section section);

/// A row that does not do what is expected.
struct CounterExample {
  std::string row;  ///< The columns that the model reads: "fee = 30, plan = 'basic'".
  double prediction = 0;
  std::optional<double> changed;      ///< With a change: the prediction after it.
  std::string decided, then_decided;  ///< Of classes, where these are compared.
};

/// What came out.
struct ExpectationOutcome {
  std::string name;
  uint32_t line = 0;     ///< Of the project file; 0 where it came from an override.
  std::string expected;  ///< "`fee = fee * 2`: not_lower".
  bool passed = false;
  int64_t row_count = 0;  ///< Rows that were tried.
  int64_t broken_count = 0;
  std::string note;  ///< Why it could not be tried, or holds without being tried.
  std::vector<CounterExample> counter_examples;  ///< The worst first, three at most.
};

/// Tries `expectation` on `rows`, columns as the model's inputs, or on the row that it gives.
/// `columns` are those of the task's table with all that was joined: to change one that the model
/// does not read changes nothing, which `same`, `not_lower` and `not_higher` allow.
/// Where no row meets `where` it fails: nothing was tried.
///
/// Errors: `invalid_input` at the place of an unknown column or class, an expression that cannot be
/// compiled, a value of another type; as Model::predict.
[[nodiscard]] Result<ExpectationOutcome> try_expectation(const ModelExpectation& expectation,
                                                         const Model& model, const Block& rows,
                                                         const std::vector<std::string>& columns);

}  // namespace millgate
