/// The distributions behind the Kolmogorov-Smirnov tests.
#pragma once

#include <cstdint>

namespace millgate {

/// P(K > lambda) of Kolmogorov's limiting distribution: 2 sum (-1)^(j-1) exp(-2 j^2 lambda^2).
[[nodiscard]] double kolmogorov_survival(double lambda);

/// P(D_n > distance) of the two-sided statistic of one sample of `count` values of a continuous
/// distribution, chosen by size as Simard and L'Ecuyer (2011) do: Durbin's matrix (Marsaglia,
/// Tsang and Wang 2003), twice Smirnov's one-sided tail, or Pelz and Good's series. Absolute
/// error below 1e-9. `count` > 0.
[[nodiscard]] double kolmogorov_smirnov_survival(int64_t count, double distance);

/// Sizes of two samples, and how far their distribution functions lie apart.
struct SampleDistance {
  int64_t first_count = 0;
  int64_t second_count = 0;
  /// The distance times the least common multiple of the two counts: a whole number.
  int64_t steps = 0;
};

/// P(D >= distance) of two samples without ties, exact: the share of lattice paths that leave a
/// strip (Hodges 1957). Where there are ties the test is conservative. O(counts' product *
/// distance).
[[nodiscard]] double smirnov_exact_p_value(const SampleDistance& distance);

}  // namespace millgate
