/// What a model has answered since it serves.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "model/measure/latency.h"

namespace millgate {

class ModelTallies;

/// What is done for a request that is answered with predictions, in this order.
enum class Stage {
  read,     ///< From the body to rows.
  online,   ///< Features from the online store; only where some are read.
  explain,  ///< Only where explanations are asked for.
  predict,  ///< Features of the rows, the model, and handing them to the log.
  write,    ///< From predictions to the body of the answer.
};
inline constexpr size_t kStageCount = 5;
[[nodiscard]] std::string_view to_string(Stage stage);

/// Wait-free; any number of threads.
struct ModelStatistics {
  std::atomic<uint64_t> last_inference_ms{0};  ///< Unix time; 0: none yet.
  std::atomic<uint64_t> rows{0};               ///< Predicted.
  LatencyHistogram success;                    ///< Of requests, but for writing the answer.
  LatencyHistogram fail;
  std::array<LatencyHistogram, kStageCount> stages;
  std::shared_ptr<ModelTallies>
      tallies;  ///< What it was asked and answered; never null once it serves.

  [[nodiscard]] LatencyHistogram& stage(Stage stage) { return stages[static_cast<size_t>(stage)]; }
};

/// A sum of durations as the statistics extension of Triton names it. `queue` is nothing here:
/// requests wait in the socket. Nor is there a cache.
///
/// Source: https://github.com/triton-inference-server/server, docs/protocol/extension_statistics.md
struct DurationSum {
  std::string_view name;
  uint64_t count = 0;
  uint64_t nanos = 0;
};
/// success, fail, queue, compute_input, compute_infer, compute_output, cache_hit, cache_miss.
[[nodiscard]] std::array<DurationSum, 8> duration_sums(ModelStatistics& statistics);

}  // namespace millgate
