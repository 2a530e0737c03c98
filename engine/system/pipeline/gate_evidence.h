/// What the gate measures itself before it judges: by what the project file requires now, on the
/// test rows that it states, and not on what a training chose to measure.
#pragma once

#include <arrow/type_fwd.h>

#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"
#include "system/pipeline/project.h"
#include "system/pipeline/run.h"

namespace millgate {

/// What is known of a model when the gate judges it.
struct GateEvidence {
  std::vector<Evidence> evidence;
  std::vector<Unmeasured> unmeasured;
  Block test_rows;  ///< Inputs of the model, to measure its latency with.
};

/// Bootstrap resamples of what the gate measures.
inline constexpr int kGateResamples = 1000;

/// Measures on the test rows of `joined` (all labelled rows of the run's commit, split by [train]
/// of the project file) every metric that a requirement names, for its slice or between its groups,
/// with the utility of the project file and the threshold of the model. What else the run measured
/// (its size) is taken from there.
///
/// Errors: `invalid_input` with the place for a requirement on a column that is not there; those of
/// split_rows and of predicting.
[[nodiscard]] Result<GateEvidence> measure_for_gate(const Project& project, const RunReport& run,
                                                    const Model& model,
                                                    const arrow::Table& joined);

}  // namespace millgate
