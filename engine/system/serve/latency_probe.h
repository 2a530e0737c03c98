/// Latency of a model as a client sees it: measured over HTTP, not guessed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"

namespace millgate {

/// How much to send.
struct LatencyProbeOptions {
  int requests = 3'000;  ///< Measured, over all connections.
  int warm_up = 300;     ///< Sent before, not measured.
  int connections = 1;   ///< At once; each with one request in flight.
};

/// Serves `model` on the loopback address and sends rows of `rows` (columns as
/// features().inputs(); repeated when there are few) one a request. Returns `latency_ms_p50`,
/// `latency_ms_p99` (nearest rank; `row_count` requests; data "loopback HTTP") and
/// `model_size_bytes`.
/// Errors: `invalid_input` without rows; `outside` when an answer is not a prediction.
[[nodiscard]] Result<std::vector<Evidence>> measure_latency(
    std::shared_ptr<const Model> model, const Block& rows, const LatencyProbeOptions& options = {});

}  // namespace millgate
