/// Rows for tests that Python makes alike, bit by bit.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "model/measure/quality.h"

namespace millgate {

/// Predictions without ties, or with ties in every fifth row, and labels that fit them:
///   i = np.arange(n); p = ((i * 7919 + 13) % 1009) / 1009
///   p = np.where(i % 5 == 0, np.floor(p * 20) / 20, p)      # with ties
///   y = (((i * 104729 + 7) % 101) / 101 < p).astype(float)
struct MeasuredRows {
  std::vector<double> label;
  std::vector<double> prediction;

  explicit MeasuredRows(int64_t count, bool ties = true) {
    for (int64_t i = 0; i < count; ++i) {
      double p = static_cast<double>((i * 7919 + 13) % 1009) / 1009;
      if (ties && i % 5 == 0) p = std::floor(p * 20) / 20;
      prediction.push_back(p);
      label.push_back(static_cast<double>((i * 104729 + 7) % 101) / 101 < p ? 1 : 0);
    }
  }
  [[nodiscard]] Outcome outcome() const { return {label, prediction}; }
};

}  // namespace millgate
