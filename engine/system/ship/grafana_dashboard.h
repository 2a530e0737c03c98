/// A dashboard of Grafana for the servers of a model.
#pragma once

#include <string>

#include "system/ship/prometheus_rules.h"

namespace millgate {

/// JSON as Grafana 9 and later import it; the data source, the job and the instances are chosen
/// there. Panels: requests, errors and refusals, latency with the requirements' limits, stages of a
/// prediction, predictions and warnings, load, prediction log, online store, roll-out.
[[nodiscard]] std::string grafana_dashboard(const WatchedModel& model);

}  // namespace millgate
