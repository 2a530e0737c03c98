/// Whether whole rows of two samples are of one distribution, by all distances between them.
#pragma once

#include <cstdint>
#include <span>

#include "model/measure/two_sample.h"

namespace millgate {

/// Rows of numbers, one after the other; all finite.
struct RowSamples {
  std::span<const double> reference;
  std::span<const double> current;
  size_t column_count = 1;
};

/// Maximum mean discrepancy with the kernel exp(-|x - y|^2 / (2 s^2)), s the median distance
/// between two different rows of both samples together (Gretton et al. 2012). The statistic is the
/// unbiased estimate of its square, equation 3; the p-value counts, of `permutations` random
/// divisions of all rows, those that give at least as much: (1 + count) / (1 + permutations).
/// Same seed, same answer. O(rows^2 permutations), memory O(rows^2): meant for a few hundred rows.
/// Statistic 0 and p-value 1 for fewer than two rows in a sample, or where all rows are equal.
[[nodiscard]] TestResult maximum_mean_discrepancy(const RowSamples& rows, int permutations,
                                                  uint64_t seed);

/// Energy distance (Szekely and Rizzo 2013), sqrt(2 E|x - y| - E|x - x'| - E|y - y'|), means over
/// all pairs of rows, a row with itself included: for one column that of compare_numbers. It has no
/// width to choose. Permutations, cost and the answers without a p-value as above.
[[nodiscard]] TestResult energy_distance(const RowSamples& rows, int permutations, uint64_t seed);

}  // namespace millgate
