/// Sends spans and metrics to a collector by OTLP over HTTP, in a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "system/serve/otlp_message.h"
#include "system/serve/server.h"
#include "system/serve/tracer.h"

namespace millgate {

/// Sends every second what `tracer` has, and every `OtlpOptions::metrics_every` what `metrics` says
/// in Prometheus' text. What a collector does not take for now (no answer, 429, 5xx) is kept and
/// sent again, at most `kSpansMax` of Tracer; what it refuses is lost, and counted by the tracer.
/// Nothing of it holds up a request.
class OtlpExporter {
 public:
  /// `tracer` and what `metrics` looks at outlive it. Errors: `invalid_input` for an address that
  /// is no http or https URL.
  [[nodiscard]] static Result<std::unique_ptr<OtlpExporter>> start(
      const OtlpOptions& options, Tracer& tracer, std::function<std::string()> metrics);
  /// Sends once more what there is, waits for that at most two seconds, and ends.
  ~OtlpExporter();
  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;

 private:
  OtlpExporter(OtlpOptions options, Tracer& tracer, std::function<std::string()> metrics);
  void run();
  /// Whether all went well, so that nothing has to wait.
  bool send_spans(std::chrono::milliseconds timeout);
  void send_metrics(std::chrono::milliseconds timeout);
  /// The status; 0: nobody answered.
  [[nodiscard]] int send(const char* path, const std::string& body,
                         std::chrono::milliseconds timeout) const;

  OtlpOptions options_;
  OtlpResource resource_;
  Tracer& tracer_;
  std::function<std::string()> metrics_;
  uint64_t begun_ = unix_nanos();
  std::vector<RequestSpan> kept_;  ///< Taken, and not sent yet.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;  ///< Guarded by `mutex_`.
  std::thread thread_;
};

}  // namespace millgate
