/// To which trace of its callers a request belongs.
///
/// Source: W3C Trace Context, https://www.w3.org/TR/trace-context/
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millgate {

using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

struct TraceContext {
  TraceId trace{};
  SpanId parent{};          ///< The caller's span.
  bool is_sampled = false;  ///< The caller records it.
};

/// Reads the header `traceparent`. Nothing for what is none: a request is then as without it.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view text);

}  // namespace millgate
