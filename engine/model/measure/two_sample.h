/// Distances and tests between the values of one column in two samples.
#pragma once

#include <cstdint>
#include <span>

#include "ground/error.h"

namespace millgate {

/// A statistic and how likely it is to be as large where both samples are of one distribution.
/// Not corrected for many tests.
struct TestResult {
  double statistic = 0;
  double p_value = 1;
  bool exact = false;  ///< The p-value is exact without ties, else from a limiting distribution.
};

/// Two samples of numbers, each ascending, finite and not empty.
struct SortedPair {
  std::span<const double> reference;
  std::span<const double> current;
};

/// What tells two samples of numbers apart. F and G are their distribution functions.
struct NumberShift {
  TestResult kolmogorov_smirnov;  ///< sup |F - G|.
  TestResult cramer_von_mises;    ///< T of Anderson (1962), with middle ranks.
  double wasserstein = 0;         ///< Integral of |F - G|, in the unit of the column.
  double energy = 0;              ///< sqrt(2 integral of (F - G)^2) (Szekely and Rizzo 2013).
  double reference_mean = 0, current_mean = 0;
  double reference_deviation = 0, current_deviation = 0;  ///< Of the sample (n - 1).
};

/// Samples whose larger one has as many values get the exact p-value of Kolmogorov-Smirnov.
inline constexpr int64_t kExactKolmogorovMax = 10'000;
/// The same for Cramer-von Mises.
inline constexpr int64_t kExactCramerMax = 20;

/// One pass over both samples. Statistics and p-values are those of SciPy's ks_2samp,
/// cramervonmises_2samp, wasserstein_distance and energy_distance, with their default methods:
/// beyond the bounds above KS takes the distribution of one sample of round(mn / (m + n)) values
/// and CvM the limiting one of Anderson (1962), equations 2, 14 and 15.
[[nodiscard]] NumberShift compare_numbers(const SortedPair& samples);

}  // namespace millgate
