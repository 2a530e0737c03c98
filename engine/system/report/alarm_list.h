/// Alarms as HTML, for the card and the page of the monitor.
#pragma once

#include <string>
#include <vector>

#include "system/monitor/alarm.h"

namespace millgate {

/// One block an alarm, in the order given; a sentence when there is none.
[[nodiscard]] std::string alarm_list(const std::vector<Alarm>& found);

}  // namespace millgate
