/// What a model has answered since it serves, as the statistics extension of Triton tells it.
///
/// Source: https://github.com/triton-inference-server/server, docs/protocol/extension_statistics.md
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace millgate {

/// How often something was done, and how long it took in all.
struct DurationSum {
  std::atomic<uint64_t> count{0};
  std::atomic<uint64_t> nanos{0};

  void add(uint64_t taken) {
    count.fetch_add(1, std::memory_order_relaxed);
    nanos.fetch_add(taken, std::memory_order_relaxed);
  }
};

/// Wait-free; any number of threads.
struct ModelStatistics {
  std::atomic<uint64_t> last_inference_ms{0};  ///< Unix time; 0: none yet.
  std::atomic<uint64_t> rows{0};               ///< Predicted.
  DurationSum success;
  DurationSum fail;
  DurationSum input;   ///< From the body to rows, with what is read from the online store.
  DurationSum infer;   ///< Features and model.
  DurationSum output;  ///< From predictions to the body of the answer.
};

/// One of the sums by the protocol's name. `queue` is nothing here: requests wait in the socket.
struct NamedDuration {
  std::string_view name;
  const DurationSum* sum = nullptr;  ///< Null: zero.
};
/// success, fail, queue, compute_input, compute_infer, compute_output, cache_hit, cache_miss.
[[nodiscard]] std::array<NamedDuration, 8> named_durations(const ModelStatistics& statistics);

}  // namespace millgate
