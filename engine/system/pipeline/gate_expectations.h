/// What the project expects of its models, tried on the test rows.
#pragma once

#include <vector>

#include "ground/error.h"
#include "system/pipeline/expectation.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Every [[expectation]] of the project, in the order of the file, on the test rows of the model.
/// Errors: as try_expectation; those of the split.
[[nodiscard]] Result<std::vector<ExpectationOutcome>> try_expectations(const Project& project,
                                                                       const GateModel& judged);

/// Adds `expectation_failures`; without expectations it is told as unmeasured. Errors: as
/// try_expectations.
[[nodiscard]] Status measure_expectations(const Project& project, const GateModel& judged,
                                          GateEvidence& into);

[[nodiscard]] nlohmann::ordered_json to_json(const ExpectationOutcome& outcome);

}  // namespace millgate
