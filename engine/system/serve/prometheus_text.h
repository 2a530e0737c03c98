/// Reads what Telemetry writes for Prometheus (text format 0.0.4), so that other formats tell the
/// same numbers.
#pragma once

#include <cstdint>
#include <map>
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

/// `key="value"` with the escapes of the format, which are OpenMetrics' too.
[[nodiscard]] std::string metric_label(std::string_view key, std::string_view value);

/// A histogram as its samples tell it.
struct ClassicHistogram {
  std::vector<std::pair<double, uint64_t>> buckets;  ///< Bound, and how many are at most it.
  double sum = 0;
  uint64_t count = 0;  ///< Also of what is beyond the last bound.
};
/// Those of `family` by their labels without `le`. What was counted while the text was written may
/// be in one of its parts only: each bucket is at least the one before, and `count` the last.
[[nodiscard]] std::map<MetricLabels, ClassicHistogram> classic_histograms(
    const MetricFamily& family);

/// Errors: `bug` with the line that is not of the format.
[[nodiscard]] Result<std::vector<MetricFamily>> read_prometheus_text(std::string_view text);

}  // namespace millgate
