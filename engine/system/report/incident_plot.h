/// Predictions around an incident over time: how many there were, and how many it touches.
#pragma once

#include <string>

#include "system/report/incident_report.h"

namespace millgate {

/// Inline SVG; empty where there are no predictions.
[[nodiscard]] std::string incident_plot(const IncidentReport& report);

}  // namespace millgate
