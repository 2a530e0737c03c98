/// What features cost to compute.
#pragma once

#include "ground/error.h"
#include "model/learn/attempt.h"

namespace millgate {

/// Nanoseconds a row to compute `definition` alone from its columns, on one thread: the fastest of
/// a few passes over the first 4096 rows of the joined table. The join is not in it.
/// Errors: as FeatureProgram::fit.
[[nodiscard]] Result<double> nanoseconds_per_row(const TrainRequest& request,
                                                 const TrainingRows& rows,
                                                 const FeatureDefinition& definition);

}  // namespace millgate
