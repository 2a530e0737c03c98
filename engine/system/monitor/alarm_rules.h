/// From what was measured to alarms: one per cause, ranked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/measure/evidence.h"
#include "system/monitor/alarm.h"
#include "system/monitor/monitor.h"

namespace millgate {

/// What each model reached when it was trained, by the model's hex id; to compare with.
using TestEvidence = std::map<std::string, std::vector<Evidence>>;

/// Raw inputs that each feature reads, by the model's hex id and the feature's name.
using FeatureInputs = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

/// The alarms of `report`. What one cause explains gives one alarm: a unit error of an input
/// silences the drift of that input, of its features and of the predictions; inputs of one view
/// that are missing together are one alarm; drift without a nearer cause is one alarm a model, and
/// none where it is known to do no harm. As group_alarms (alarm_groups.h) leaves them.
[[nodiscard]] std::vector<Alarm> find_alarms(const MonitorReport& report,
                                             const TestEvidence& tested,
                                             const FeatureInputs& inputs);

}  // namespace millgate
