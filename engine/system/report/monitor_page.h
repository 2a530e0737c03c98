/// What monitoring found, as one HTML page.
#pragma once

#include <string>

#include "system/monitor/monitor.h"

namespace millgate {

/// One self-contained HTML file: alarms first, then each model by window.
[[nodiscard]] std::string monitor_html(const MonitorReport& report);

}  // namespace millgate
