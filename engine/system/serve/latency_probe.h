/// Latency, throughput and energy of a served model as a client sees them: measured over HTTP, not
/// guessed.
#pragma once

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
  int requests = 3'000;             ///< Measured, one after the other.
  int warm_up = 300;                ///< Sent before, not measured.
  int connections = 4;              ///< For the throughput; each with one request in flight.
  double throughput_seconds = 0.5;  ///< So long they send.
  std::string powercap = EnergyCounter::kPowercap;  ///< Where the machine tells energy.
};

/// What was measured of a model as a program, and what the machine does not tell.
struct LatencyProbe {
  std::vector<Evidence> evidence;
  std::vector<Unmeasured> unmeasured;
};

/// Sends rows of `rows` (columns as features().inputs(); repeated when there are few), one a
/// request, to the server at `url`, which serves `model`. Returns, with data "loopback HTTP" and
/// `row_count` requests, `latency_ms_p50` and `latency_ms_p99` (nearest rank), `throughput_per_s`
/// and, where the machine tells it, `energy_joules_per_1000` (of what was sent for the latency,
/// the warming up too).
/// Errors: `invalid_input` without rows; `outside` when an answer is not a prediction.
[[nodiscard]] Result<LatencyProbe> measure_latency(const std::string& url, const Model& model,
                                                   const Block& rows,
                                                   const LatencyProbeOptions& options = {});

/// Asks that server for one prediction. Errors: as measure_latency.
[[nodiscard]] Status predict_first_row(const std::string& url, const Model& model,
                                       const Block& rows);

}  // namespace millgate
