/// Rows on which models of LightGBM are trained and compared. Include in .cc files only.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "ground/random.h"
#include "model/artifact/lightgbm_twin.h"

namespace millgate {

inline constexpr int kTwinColumns = 6;

/// Six columns: two smooth, one full of zeros, one with NaN, two of categories (12 and 200).
struct TwinData {
  Matrix matrix{kTwinColumns, {}};
  std::vector<float> labels;
};

inline TwinData twin_data(size_t rows, uint64_t seed, bool positive_labels) {
  Random random(seed);
  TwinData data;
  for (size_t i = 0; i < rows; ++i) {
    const double a = random.normal();
    const double b = 1000 * random.uniform();
    const double zeros = random.below(3) == 0 ? random.normal() : 0;
    const double gaps = random.below(4) == 0 ? NAN : random.normal();
    const auto few = static_cast<double>(random.below(12));
    const auto many = static_cast<double>(random.below(200));
    for (double value : {a, b, zeros, gaps, few, many}) data.matrix.values.push_back(value);
    const double score = a + b / 500 - 1 + zeros + (std::isnan(gaps) ? 0.7 : gaps) +
                         (std::fmod(few, 3) - 1) + (std::fmod(many, 7) - 3) / 3 + random.normal();
    data.labels.push_back(positive_labels ? static_cast<float>(std::exp(score / 4))
                                          : static_cast<float>(score > 0 ? 1 : 0));
  }
  return data;
}

/// Rows that training never saw: unknown, negative, broken and huge categories, NaN, infinity,
/// zeros of every kind.
inline Matrix strange_twin_rows(uint64_t seed) {
  Random random(seed);
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> strange = {
      NAN, infinity, -infinity, 0,  -0.0, 1e-36, -1e-36, 1e-35, 2e-35, -1,     -0.5, 11.7,  12,
      199, 200,      31,        32, 63,   1e9,   3e9,    -3e9,  1e300, 5e-324, 0.5,  -1e300};
  Matrix matrix = twin_data(500, seed, false).matrix;
  for (double& value : matrix.values) {
    if (random.below(4) == 0) value = strange[random.below(strange.size())];
  }
  return matrix;
}

}  // namespace millgate
