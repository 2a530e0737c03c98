/// Requirements on a model in a circumstance: beside a simple model, with its inputs disturbed, or
/// as if it were older. Inside the room.
#pragma once

#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/measure/quality.h"
#include "model/release/requirement.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/gate_rows.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Adds the evidence for `asked`, requirements that have a circumstance: each circumstance is made
/// once, for all that ask for it. `options` and `tail` are as for hold_contest. What cannot be made
/// (no rows old enough, a learner that fails) is told as unmeasured.
///
/// Errors: `invalid_input` at the place for a column or an expression that is wrong; those of the
/// store.
[[nodiscard]] Status measure_circumstances(Repository& repository, const Project& project,
                                           const std::vector<const Requirement*>& asked,
                                           const GateModel& judged, GateRows& rows,
                                           const MeasureOptions& options, double tail,
                                           GateEvidence& into);

}  // namespace millgate
