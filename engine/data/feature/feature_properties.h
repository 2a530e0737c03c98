/// What must hold for every feature whatever it computes, tried on real and on made rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/feature/program.h"
#include "ground/error.h"

namespace millgate {

/// One property of one feature (or, for the join, of one column).
struct PropertyOutcome {
  std::string subject;
  std::string property;
  bool passed = false;
  std::string detail;  ///< The first row that breaks it.
};

/// Tries on `rows` (columns as program.inputs()) and on rows made of nulls, NaN, infinities and
/// extremes, drawn with `seed`:
/// - "one row equals a batch": bit for bit;
/// - "order of rows": a row gives the same wherever it stands;
/// - "saved equals trained": the program as a server loads it gives the same bits;
/// - "finite from finite": rows of `rows` whose inputs are finite give no infinity or NaN.
/// Errors: as FeatureProgram::evaluate.
[[nodiscard]] Result<std::vector<PropertyOutcome>> check_feature_properties(
    const FeatureProgram& program, const Block& rows, uint64_t seed);

/// "later rows change nothing": for each of `columns`, the joined rows up to a moment are the
/// same when view rows that became known after it are taken away. The moment is the median of
/// the row times; a project without times has nothing to try and gives no outcome.
/// Errors: as join_as_of.
[[nodiscard]] Result<std::vector<PropertyOutcome>> check_no_later_rows(
    Database& database, const JoinPlan& plan, const std::vector<std::string>& columns);

}  // namespace millgate
