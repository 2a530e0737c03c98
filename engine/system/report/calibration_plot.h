/// Predicted probability against what happened.
#pragma once

#include <string>
#include <vector>

#include "model/measure/quality.h"

namespace millgate {

/// Inline SVG: a dot a bin with its 95 % Wilson interval, and the diagonal of a perfect model.
/// Both axes end at the same value, a little beyond the largest dot.
[[nodiscard]] std::string calibration_plot(const std::vector<CalibrationBin>& bins);

/// The share of `positives` in `rows` and its 95 % interval by Wilson (1927).
struct ShareInterval {
  double lower = 0;
  double upper = 1;
};
[[nodiscard]] ShareInterval wilson_interval(double share, double rows);

}  // namespace millgate
