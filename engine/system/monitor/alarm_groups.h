/// Which alarms one cause explains.
#pragma once

#include <vector>

#include "system/monitor/alarm.h"
#include "system/monitor/monitor.h"

namespace millgate {

/// Sets `leader` of each of `alarms`, which were found in `report`, and sorts: incidents by their
/// most severe alarm, which leads, and its others behind it. Together belong
/// - the same trouble of several models, as of the one before and the one after a rollback;
/// - inputs of one model that go wrong in the same window: somebody changed what sends them;
/// - what a model loses (quality, a requirement, money, age) and what its inputs did by then. Of
///   several causes it goes to the most severe. An input does not count as a cause where hardly any
///   row is touched, or where its shift is known to do no harm.
/// An alarm that led gets what was found out about its cause.
void group_alarms(std::vector<Alarm>& alarms, const MonitorReport& report);

}  // namespace millgate
