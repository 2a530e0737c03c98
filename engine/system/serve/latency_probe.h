/// Latency of a model as a client sees it, and energy: measured over HTTP, not guessed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "ground/energy_counter.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"

namespace millgate {

/// How much to send.
struct LatencyProbeOptions {
  int requests = 3'000;                             ///< Measured, over all connections.
  int warm_up = 300;                                ///< Sent before, not measured.
  int connections = 1;                              ///< At once; each with one request in flight.
  std::string powercap = EnergyCounter::kPowercap;  ///< Where the machine tells energy.
};

/// What was measured of a model as a program, and what the machine does not tell.
struct LatencyProbe {
  std::vector<Evidence> evidence;
  std::vector<Unmeasured> unmeasured;
};

/// Serves `model` on the loopback address and sends rows of `rows` (columns as
/// features().inputs(); repeated when there are few) one a request. Returns `latency_ms_p50`,
/// `latency_ms_p99` (nearest rank; `row_count` requests; data "loopback HTTP"),
/// `model_size_bytes` and, where the machine tells it, `energy_joules_per_1000` (of all requests,
/// those of the warming up too).
/// Errors: `invalid_input` without rows; `outside` when an answer is not a prediction.
[[nodiscard]] Result<LatencyProbe> measure_latency(std::shared_ptr<const Model> model,
                                                   const Block& rows,
                                                   const LatencyProbeOptions& options = {});

}  // namespace millgate
