/// Reads what Telemetry writes for Prometheus (text format 0.0.4), so that other formats tell the
/// same numbers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"

namespace millgate {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// A line of numbers.
struct MetricSample {
  std::string suffix;  ///< Behind the family's name: "", "_bucket", "_sum", "_count".
  MetricLabels labels;
  double value = 0;
};

struct MetricFamily {
  std::string name;
  std::string help;
  std::string type;  ///< "counter", "gauge", "histogram".
  std::vector<MetricSample> samples;
};

/// Errors: `bug` with the line that is not of the format.
[[nodiscard]] Result<std::vector<MetricFamily>> read_prometheus_text(std::string_view text);

}  // namespace millgate
