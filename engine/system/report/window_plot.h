/// One quality metric by window, and how many rows it rests on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/measure/evidence.h"
#include "system/monitor/monitor.h"

namespace millgate {

/// Inline SVG: the metric of each window with its interval, the test's value as a dashed line,
/// and below it the rows, the labelled part darker. Windows without the metric stay empty.
[[nodiscard]] std::string window_plot(const std::vector<MonitorWindow>& windows,
                                      const std::string& metric,
                                      const std::optional<Evidence>& tested);

}  // namespace millgate
