/// Which requests are recorded as spans, and the spans until they are sent.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "system/serve/message.h"
#include "system/serve/telemetry.h"
#include "system/serve/trace_context.h"

namespace millgate {

/// Times are nanoseconds since 1970.
struct SpanTimes {
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// What is known of a request that is recorded. For one thread.
struct RequestSpan {
  TraceId trace{};
  SpanId id{};
  std::optional<SpanId> parent = {};  ///< The caller's.
  std::string state;                  ///< Its `tracestate`, passed on as it is.
  std::string name;                   ///< "POST /predict".
  SpanTimes times = {};
  bool has_failed = false;  ///< By our fault: 5xx.
  std::vector<std::pair<std::string, std::variant<std::string, int64_t>>> attributes;
  /// Each is a span of its own below this one.
  std::vector<std::pair<Stage, SpanTimes>> stages;
};

/// Thread-safe. A request that is not recorded costs the look at one header.
class Tracer {
 public:
  /// Of requests whose caller does not say whether they are recorded, `share` (0 to 1) are. A span
  /// that ends while `spans_max` wait is lost, and counted.
  explicit Tracer(double share, size_t spans_max = 8'192) : share_(share), spans_max_(spans_max) {}

  /// Null: `request` is not recorded.
  [[nodiscard]] std::unique_ptr<RequestSpan> begin(const HttpRequest& request);
  /// Takes the span of a request that was answered by `response`.
  void end(std::unique_ptr<RequestSpan> span, const HttpRequest& request,
           const HttpResponse& response);
  /// What waits, at most `count` of them, oldest first.
  [[nodiscard]] std::vector<RequestSpan> take(size_t count);

  /// What is added to /metrics about spans.
  [[nodiscard]] std::string prometheus_text() const;

  std::atomic<int64_t> sent{0};
  std::atomic<int64_t> lost{0};  ///< Since nobody took them.

 private:
  double share_;
  size_t spans_max_;
  mutable std::mutex mutex_;
  std::vector<RequestSpan> ended_;  ///< Guarded by `mutex_`.
};

/// An id that is random and not zero.
[[nodiscard]] SpanId make_span_id();
[[nodiscard]] uint64_t unix_nanos();

/// Notes a stage that has just ended.
void note_stage(RequestSpan& span, Stage stage, std::chrono::nanoseconds taken);

}  // namespace millgate
