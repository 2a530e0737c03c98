/// What OpenTelemetry's variables say about where a server sends its spans and metrics.
///
/// Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
#pragma once

#include "ground/error.h"
#include "system/serve/server.h"

namespace millgate {

/// Fills in what was not given: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS,
/// OTEL_SERVICE_NAME (else "millgate"), OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER_ARG and
/// OTEL_METRIC_EXPORT_INTERVAL. OTEL_SDK_DISABLED=true empties the endpoint.
/// Errors: `invalid_input` with the variable that cannot be read, or a protocol other than
/// http/protobuf.
[[nodiscard]] Status take_otlp_environment(OtlpOptions& options, bool share_is_given);

}  // namespace millgate
