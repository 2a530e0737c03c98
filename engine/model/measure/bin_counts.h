/// Two samples counted in the same bins, and how far their shares lie apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/measure/two_sample.h"

namespace millgate {

/// Counts of both samples in the same bins; both of one length. They are not whole numbers where
/// a distribution function was interpolated.
struct BinCounts {
  std::vector<double> reference;
  std::vector<double> current;
};

/// With r_i and c_i the counts in bin i of k, R and C their sums, p = r / R and q = c / C. All are
/// 0 (p-values 1) where a sample is empty.

/// Population stability index, smoothed so that an empty bin is not infinite:
/// sum (c'_i - r'_i) ln(c'_i / r'_i) with x'_i = (x_i + 1/2) / (X + k/2).
[[nodiscard]] double population_stability_index(const BinCounts& bins);
/// sqrt((KL(p || m) + KL(q || m)) / 2), m = (p + q) / 2, logarithms to base 2: 0 to 1.
[[nodiscard]] double jensen_shannon_distance(const BinCounts& bins);
/// sum |p_i - q_i| / 2: 0 to 1.
[[nodiscard]] double total_variation(const BinCounts& bins);
/// max |p_i - q_i|.
[[nodiscard]] double l_infinity_distance(const BinCounts& bins);

/// Bins of fewer than five expected rows in a sample put together into one, because the
/// chi-square distribution is no good approximation for them (Cochran 1954). Empty bins go.
[[nodiscard]] BinCounts without_rare_bins(const BinCounts& bins);

/// A test of homogeneity of two rows of counts.
struct HomogeneityTest {
  TestResult chi_square;       ///< Pearson's; without Yates's correction.
  TestResult g;                ///< 2 sum observed ln(observed / expected) (Woolf 1957).
  int degrees_of_freedom = 0;  ///< 0: fewer than two bins, nothing to test.
};
/// Over bins none of which is empty in both.
[[nodiscard]] HomogeneityTest test_homogeneity(const BinCounts& bins);

/// Bounds (-inf, d1], (d1, d2] ... (d9, inf) at the distinct deciles of `reference`, each a value
/// that it holds, and none its largest, unless there is no other. `reference` as in SortedPair.
[[nodiscard]] std::vector<double> decile_edges(std::span<const double> reference);
/// Counts in the bins that end at `edges` (inclusive), and what lies above the last.
[[nodiscard]] BinCounts count_in_bins(const SortedPair& samples, std::span<const double> edges);

}  // namespace millgate
