/// Messages of OTLP, the protocol of OpenTelemetry, as protocol buffers.
///
/// Source of the fields: https://github.com/open-telemetry/opentelemetry-proto, version 1.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "system/serve/tracer.h"

namespace millgate {

/// Who sends: attributes as `service.name`.
using OtlpResource = std::vector<std::pair<std::string, std::string>>;

/// An ExportTraceServiceRequest: each request is a span of kind SERVER, each of its stages one of
/// kind INTERNAL below it.
[[nodiscard]] std::string otlp_traces(const OtlpResource& resource,
                                      std::span<const RequestSpan> spans);

/// An ExportMetricsServiceRequest with what `prometheus_text` says (format 0.0.4, as Telemetry
/// writes it), counted since `begun`, at `now`, nanoseconds since 1970: counters are cumulative
/// sums, histograms have explicit bounds. Names stay those of Prometheus.
/// Errors: `bug` for a text that is not of that format.
[[nodiscard]] Result<std::string> otlp_metrics(const OtlpResource& resource,
                                               std::string_view prometheus_text, uint64_t begun,
                                               uint64_t now);

}  // namespace millgate
