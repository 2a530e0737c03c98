/// What a model costs as a program: measured by serving it as a package of it does.
#pragma once

#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "data/store/object_store.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/serve/latency_probe.h"

namespace millgate {

struct ProgramProbeOptions {
  std::string scratch;                    ///< A folder; what is made there is removed again.
  std::vector<std::string> program = {};  ///< The words that start millgate; none: this program.
  int starts = 3;
  LatencyProbeOptions load = {};
};

/// Lays down what a package of `model` holds of it, and starts the program on that as a process of
/// its own at the loopback address: `start_ms` from the start of the program to its first
/// prediction, the median of several starts; then what measure_latency measures;
/// `memory_bytes_peak`, of the server that has answered all of that; `model_size_bytes`. The server
/// is ended before this returns, and also when this process is killed.
/// Errors: `invalid_input` without rows; `outside` when the server does not start, ends, or an
/// answer is no prediction.
[[nodiscard]] Result<LatencyProbe> measure_program(const ObjectStore& objects, const Model& model,
                                                   const Block& rows,
                                                   const ProgramProbeOptions& options);

}  // namespace millgate
