/// What the rules of the project find in the data that a model was trained on, for requirements on
/// it. Inside the room.
#pragma once

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/project.h"
#include "system/pipeline/run.h"

namespace millgate {

/// Adds `check_failures`, `check_warnings` and `check_broken_share` of the run's commit, by the
/// rules that the project file has now. Without rules, and where one cannot be judged on that
/// commit (a column that it has not), they are told as unmeasured. Errors: those of the store.
[[nodiscard]] Status measure_data(const Repository& repository, const Project& project,
                                  const RunReport& run, GateEvidence& into);

}  // namespace millgate
