/// How long the stages of a request take.
#pragma once

#include <chrono>
#include <cstdint>

#include "system/serve/telemetry.h"
#include "system/serve/tracer.h"

namespace millgate {

/// Counts the stages of one request, each from the end of the one before. For one thread.
class StageTimer {
 public:
  /// `span` may be null; else it gets the stages too.
  StageTimer(Telemetry& telemetry, RequestSpan* span)
      : telemetry_(telemetry), span_(span), begun_(std::chrono::steady_clock::now()) {}
  /// Nanoseconds that the stage took.
  int64_t end(Stage stage) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::nanoseconds taken = now - begun_;
    telemetry_.count(stage, taken.count());
    if (span_ != nullptr) note_stage(*span_, stage, taken);
    begun_ = now;
    return taken.count();
  }

 private:
  Telemetry& telemetry_;
  RequestSpan* span_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace millgate
