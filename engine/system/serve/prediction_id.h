/// Names of predictions and requests: unique, and sorted by time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "ground/clock.h"

namespace millgate {

/// Makes ids of 14 hexadecimal digits of the time in microseconds, 10 of a random number drawn
/// once a generator, and 8 of a counter. Ids of one generator increase as long as its clock
/// does not go back. Thread-safe.
class PredictionIds {
 public:
  PredictionIds();
  [[nodiscard]] std::string next(Time now);

 private:
  uint64_t generator_;
  std::atomic<uint64_t> counter_{0};
};

}  // namespace millgate
