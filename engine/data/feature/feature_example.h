/// `[[example]]` of the project file: what a feature gives for a row that a person wrote down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// Read as far as possible before the types of columns are known.
struct FeatureExample {
  std::string feature;
  Section given;    ///< Columns and values; a column that is left out is null.
  Section section;  ///< Where `expect` stands.
};

/// What came out.
struct ExampleOutcome {
  std::string feature;
  std::string given;     ///< "sched_dep_time = 1830".
  std::string expected;  ///< "1110", "null", "'UA'".
  std::string found;
  bool passed = false;
  uint32_t line = 0;  ///< Of the project file; 0 where it came from an override.
};

/// Errors: `invalid_input` with the place.
[[nodiscard]] Result<FeatureExample> read_example(Section section);

/// The row that `given` writes down, columns as `inputs`; those that it leaves out are null.
/// Errors: `invalid_input` at the place of an unknown column, or a value of another type.
[[nodiscard]] Result<Block> read_given_row(Section given, const std::vector<Field>& inputs);

/// Evaluates one example. Numbers agree when they differ by at most 1e-9 of the greater of 1 and
/// the expected one; `expect` of a category is its text.
/// Errors: `invalid_input` at the place of an unknown feature or column, or a value of another
/// type than its column.
[[nodiscard]] Result<ExampleOutcome> run_example(const FeatureExample& example,
                                                 const FeatureProgram& program);

}  // namespace millgate
