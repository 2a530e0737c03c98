/// Runs and their steps as people and programs read them.
#pragma once

#include <vector>

#include "app/session.h"
#include "system/pipeline/run.h"

namespace millgate {

[[nodiscard]] Json to_json(const RunReport& report);

/// To stdout: what each step did, and why.
void print_steps(const std::vector<StepReport>& steps);
/// To stdout: steps, rows, what was measured, and what to be careful of.
void print_report(const RunReport& report);

}  // namespace millgate
