#include "model/measure/two_sample.h"

#include <algorithm>
#include <boost/math/special_functions/bessel.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numbers>
#include <numeric>
#include <vector>

#include "model/measure/kolmogorov.h"

namespace millgate {

namespace {

/// What one pass over the merged samples adds up.
struct Sums {
  int64_t steps_max = 0;        ///< Of |i n - j m|.
  double wasserstein = 0;       ///< Integral of |F - G|.
  double square = 0;            ///< Integral of (F - G)^2.
  long double rank_square = 0;  ///< U of Cramer-von Mises.
};

/// Sum of (first - i)^2 for i = 0 ... count - 1.
long double run_of_squares(long double first, int64_t count) {
  const auto n = static_cast<long double>(count);
  return n * first * first - first * n * (n - 1) + (n - 1) * n * (2 * n - 1) / 6;
}

Sums merge(const SortedPair& samples) {
  const auto& a = samples.reference;
  const auto& b = samples.current;
  const auto m = static_cast<int64_t>(a.size());
  const auto n = static_cast<int64_t>(b.size());
  Sums sums;
  size_t i = 0;
  size_t j = 0;
  double before = std::min(a.front(), b.front());
  while (i < a.size() || j < b.size()) {
    const bool from_a = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const double value = from_a ? a[i] : b[j];
    const double gap = static_cast<double>(i) / static_cast<double>(m) -
                       static_cast<double>(j) / static_cast<double>(n);
    sums.wasserstein += std::abs(gap) * (value - before);
    sums.square += gap * gap * (value - before);
    before = value;
    const size_t i0 = i;
    const size_t j0 = j;
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    // All values of this run share the middle one of their ranks, counted from 1.
    const long double middle = (static_cast<long double>(i0 + j0 + i + j) + 1) / 2;
    sums.rank_square +=
        static_cast<long double>(m) * run_of_squares(middle - static_cast<long double>(i0) - 1,
                                                     static_cast<int64_t>(i - i0)) +
        static_cast<long double>(n) *
            run_of_squares(middle - static_cast<long double>(j0) - 1, static_cast<int64_t>(j - j0));
    sums.steps_max = std::max(sums.steps_max,
                              std::abs(static_cast<int64_t>(i) * n - static_cast<int64_t>(j) * m));
  }
  return sums;
}

TestResult kolmogorov_smirnov(int64_t m, int64_t n, int64_t steps_max) {
  TestResult result;
  result.statistic =
      static_cast<double>(steps_max) / (static_cast<double>(m) * static_cast<double>(n));
  result.exact = std::max(m, n) <= kExactKolmogorovMax;
  if (result.exact) {
    result.p_value = smirnov_exact_p_value({m, n, steps_max / std::gcd(m, n)});
  } else {
    const double pooled =
        static_cast<double>(m) * static_cast<double>(n) / static_cast<double>(m + n);
    const auto count = static_cast<int64_t>(std::nearbyint(pooled));
    result.p_value = kolmogorov_smirnov_survival(std::max<int64_t>(count, 1), result.statistic);
  }
  return result;
}

/// P(W^2 <= x) of the limiting distribution (Csorgo and Faraway 1996, equation 1.3).
double cramer_cdf(double x) {
  double sum = 0;
  for (int k = 0; k < 100; ++k) {
    const double y = 4.0 * k + 1;
    const double q = y * y / (16 * x);
    const double front = std::exp(std::lgamma(k + 0.5) - std::lgamma(k + 1.0)) /
                         (std::pow(std::numbers::pi, 1.5) * std::sqrt(x));
    // Beyond it the Bessel function is 0 in double precision.
    const double bessel = q > 700 ? 0 : boost::math::cyl_bessel_k(0.25, q);
    const double term = front * std::sqrt(y) * std::exp(-q) * bessel;
    sum += term;
    if (std::abs(term) < 1e-17) break;
  }
  return sum;
}

/// P(U >= u) over all orders of the two samples (Xiao, Gordon and Yakovlev 2007).
double cramer_exact(double u, int64_t m, int64_t n) {
  const int64_t multiple = std::lcm(m, n);
  const int64_t a = multiple / m;
  const int64_t b = multiple / n;
  const double both = static_cast<double>(m * n);
  const double zeta = std::floor(static_cast<double>(multiple * multiple * (m + n)) *
                                 (6 * u - both * (4 * both - 1)) / (6 * both * both));
  // ways[v][z]: orders of v values of the first and u of the second sample that reach z.
  std::vector<std::map<int64_t, double>> ways(static_cast<size_t>(m) + 1);
  ways[0][0] = 1;
  for (int64_t second = 0; second <= n; ++second) {
    std::map<int64_t, double> row;
    for (int64_t first = 0; first <= m; ++first) {
      std::map<int64_t, double> cell;
      const int64_t step = (a * first - b * second) * (a * first - b * second);
      for (const auto* from : {&row, &ways[static_cast<size_t>(first)]}) {
        for (const auto& [reached, count] : *from) cell[reached + step] += count;
      }
      ways[static_cast<size_t>(first)] = cell;
      row = std::move(cell);
    }
  }
  double far = 0;
  double all = 0;
  for (const auto& [reached, count] : ways.back()) {
    all += count;
    if (static_cast<double>(reached) >= zeta) far += count;
  }
  return far / all;
}

TestResult cramer_von_mises(int64_t m, int64_t n, long double u) {
  const auto both = static_cast<long double>(m) * static_cast<long double>(n);
  const auto all = static_cast<long double>(m + n);
  const long double t = u / (both * all) - (4 * both - 1) / (6 * all);
  TestResult result;
  result.statistic = static_cast<double>(t);
  result.exact = std::max(m, n) <= kExactCramerMax;
  if (result.exact) {
    result.p_value = cramer_exact(static_cast<double>(u), m, n);
    return result;
  }
  const auto squares = static_cast<long double>(m) * m + static_cast<long double>(n) * n;
  const long double mean = (1 + 1 / all) / 6;
  const long double variance =
      (all + 1) * (4 * both * all - 3 * squares - 2 * both) / (45 * all * all * 4 * both);
  const auto scaled = static_cast<double>(1.0L / 6 + (t - mean) / std::sqrt(45 * variance));
  result.p_value = scaled < 0.003 ? 1 : std::clamp(1 - cramer_cdf(scaled), 0.0, 1.0);
  return result;
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments(std::span<const double> values) {
  Moments result;
  const double count = static_cast<double>(values.size());
  // Divided first, so that the sum of large numbers does not overflow.
  for (const double value : values) result.mean += value / count;
  double sum = 0;
  for (const double value : values) sum += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.deviation = std::sqrt(sum / (count - 1));
  return result;
}

}  // namespace

NumberShift compare_numbers(const SortedPair& samples) {
  const auto m = static_cast<int64_t>(samples.reference.size());
  const auto n = static_cast<int64_t>(samples.current.size());
  const Sums sums = merge(samples);
  NumberShift shift;
  shift.kolmogorov_smirnov = kolmogorov_smirnov(m, n, sums.steps_max);
  shift.cramer_von_mises = cramer_von_mises(m, n, sums.rank_square);
  shift.wasserstein = sums.wasserstein;
  shift.energy = std::sqrt(2 * sums.square);
  const Moments reference = moments(samples.reference);
  const Moments current = moments(samples.current);
  shift.reference_mean = reference.mean;
  shift.current_mean = current.mean;
  shift.reference_deviation = reference.deviation;
  shift.current_deviation = current.deviation;
  return shift;
}

}  // namespace millgate
