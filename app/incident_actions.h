/// What incidents start by themselves, from the command line: triggers of the project file.
#pragma once

#include <vector>

#include "app/session.h"
#include "system/monitor/incident_action.h"

namespace millgate {

/// Reads the triggers and does what they say. A retraining runs this program's own `run`, `gate`
/// and, by what the trigger says, `release` or `rollout start`. Errors: as act_on_incidents.
[[nodiscard]] Result<std::vector<IncidentAction>> act_by_triggers(const Workplace& place);

/// "trigger back: rollback for incident #6 done: model ab12... answers again".
void print_actions(const std::vector<IncidentAction>& actions);

}  // namespace millgate
