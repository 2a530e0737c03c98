/// The row layer as C99: what FeatureProgram::evaluate does, for one row, without heap.
#pragma once

#include <cstdint>
#include <string>

#include "data/feature/c_source.h"
#include "data/feature/program.h"
#include "ground/error.h"

namespace millgate {

/// Parts of a C file, in the order in which they stand in it.
struct CFeatures {
  std::string row_members;  ///< Of the struct of inputs, one a line, indented.
  std::string types;        ///< Of values, and macros: before tables and functions.
  std::string functions;    ///< The last is `static int read_features(const PREFIX_row *row,
                            ///< double *out)`: 0, or 1 where a text was too long for TEXT_MAX.
  bool makes_text = false;  ///< Else it always gives 0.
};

/// Values equal those of `evaluate` bit by bit where the C library's functions (log, sin ...) do.
/// Adds constants to `tables`. `prefix` begins all names that are seen outside.
///
/// Errors: `invalid_input` whose `where` is the feature and whose words name the function that
/// cannot be exported: what needs tables that are not in the program (time zones, letters of
/// Unicode), regular expressions, and texts read as numbers or times.
[[nodiscard]] Result<CFeatures> write_c_features(const FeatureProgram& features,
                                                 const std::string& prefix, CTables& tables);

}  // namespace millgate
