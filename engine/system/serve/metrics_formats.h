/// What Telemetry counts, in the other formats that Prometheus and its kin read.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "system/serve/telemetry.h"

namespace millgate {

enum class MetricsFormat {
  text,          ///< Prometheus' text, format 0.0.4.
  open_metrics,  ///< OpenMetrics 1.0.
  protobuf,      ///< io.prometheus.client.MetricFamily, each behind its length.
};
[[nodiscard]] std::string_view media_type_of(MetricsFormat format);
/// What `accept` wants: the first known format that it names; text where it names none.
[[nodiscard]] MetricsFormat wanted_metrics(std::string_view accept);

/// `text` in `format`. As protocol buffers the histograms that `histograms` knows by family and
/// labels are native ones too, of schema LatencyHistogram::kSchema.
/// Errors: `bug` for a text that is not of Telemetry's.
/// Source: https://github.com/prometheus/client_model, metrics.proto; OpenMetrics 1.0.
[[nodiscard]] Result<std::string> metrics_in(MetricsFormat format, std::string text,
                                             std::span<const TextHistogram> histograms);

}  // namespace millgate
