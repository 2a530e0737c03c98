/// How often intervals or sets around predictions hold the truth, and how large they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"

namespace millgate {

/// Rows to be measured; both spans have one length.
struct Surrounded {
  std::span<const uint8_t> held;  ///< 1 where the truth is inside.
  std::span<const double> size;   ///< Width of the interval, or how many answers the set has.
};

struct CoverageOptions {
  std::string size_metric;  ///< "interval_width" or "set_size".
  int resamples = 200;      ///< Bootstrap resamples of rows; 0: no intervals.
  uint64_t seed = 1;
  std::string data = {};                 ///< Copied into the evidence.
  std::vector<std::string> inputs = {};  ///< Copied into the evidence.
};

/// `coverage`, the share of rows that are held, and the mean size: over all rows, then for every
/// value of every slice column as `measure_quality` chooses them, with 95 % intervals from its kind
/// of bootstrap. Same seed, same numbers.
/// Errors: `invalid_input` when lengths differ, there are no rows or a size is not finite.
[[nodiscard]] Result<std::vector<Evidence>> measure_coverage(const Surrounded& rows,
                                                             const std::vector<SliceColumn>& slices,
                                                             const CoverageOptions& options);

}  // namespace millgate
