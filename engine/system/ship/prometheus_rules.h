/// Rules by which Prometheus watches the servers of a model.
#pragma once

#include <string>
#include <vector>

#include "ground/id.h"

namespace millgate {

/// A latency that a requirement of the model allows.
struct LatencyLimit {
  double quantile = 0.99;
  double seconds = 0;
};

/// Which servers are watched: those that say by `millgate_model_info` that they serve it.
struct WatchedModel {
  std::string name;  ///< Of the project.
  std::vector<LatencyLimit> latency = {};
};

/// A rule file (YAML): a server that is gone, none that is left, errors, refusals, predictions
/// slower than the requirements allow, rows that the log lost, a model that cannot be loaded, an
/// override that has ended, a certificate that ends soon, spans that nobody takes. Each alert says
/// what it means and the next command.
[[nodiscard]] std::string prometheus_rules(const WatchedModel& model);

/// Behind a metric of servers: only of those that serve `model`.
[[nodiscard]] std::string of_model(const WatchedModel& model);

}  // namespace millgate
