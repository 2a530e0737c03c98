/// How long the stages of a request take.
#pragma once

#include <chrono>

#include "system/serve/model_statistics.h"
#include "system/serve/tracer.h"

namespace millgate {

/// Counts the stages of one request, each from the end of the one before. For one thread.
class StageTimer {
 public:
  /// `span` may be null; else it gets the stages too.
  StageTimer(ModelStatistics& statistics, RequestSpan* span)
      : statistics_(statistics), span_(span), begun_(std::chrono::steady_clock::now()) {}
  void end(Stage stage) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::nanoseconds taken = now - begun_;
    statistics_.stage(stage).add(taken.count());
    if (span_ != nullptr) note_stage(*span_, stage, taken);
    begun_ = now;
  }

 private:
  ModelStatistics& statistics_;
  RequestSpan* span_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace millgate
