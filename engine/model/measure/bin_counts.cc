#include "model/measure/bin_counts.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numeric>

namespace millgate {
namespace {

double sum_of(const std::vector<double>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

bool is_empty(const BinCounts& bins) {
  return sum_of(bins.reference) == 0 || sum_of(bins.current) == 0;
}

std::vector<double> counts_up_to(std::span<const double> sorted, std::span<const double> edges) {
  std::vector<double> counts;
  auto before = sorted.begin();
  for (const double edge : edges) {
    const auto now = std::upper_bound(before, sorted.end(), edge);
    counts.push_back(static_cast<double>(now - before));
    before = now;
  }
  counts.push_back(static_cast<double>(sorted.end() - before));
  return counts;
}

}  // namespace

double population_stability_index(const BinCounts& bins) {
  if (is_empty(bins)) return 0;
  const double half = 0.5 * static_cast<double>(bins.reference.size());
  const double reference_sum = sum_of(bins.reference) + half;
  const double current_sum = sum_of(bins.current) + half;
  double sum = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    const double r = (bins.reference[i] + 0.5) / reference_sum;
    const double c = (bins.current[i] + 0.5) / current_sum;
    sum += (c - r) * std::log(c / r);
  }
  return sum;
}

double jensen_shannon_distance(const BinCounts& bins) {
  if (is_empty(bins)) return 0;
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  double sum = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    const double p = bins.reference[i] / reference_sum;
    const double q = bins.current[i] / current_sum;
    const double middle = (p + q) / 2;
    if (p > 0) sum += p * std::log2(p / middle) / 2;
    if (q > 0) sum += q * std::log2(q / middle) / 2;
  }
  // Equal samples may come out a rounding error below 0.
  return std::sqrt(std::clamp(sum, 0.0, 1.0));
}

double total_variation(const BinCounts& bins) {
  if (is_empty(bins)) return 0;
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  double sum = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    sum += std::abs(bins.reference[i] / reference_sum - bins.current[i] / current_sum) / 2;
  }
  return std::min(sum, 1.0);
}

double l_infinity_distance(const BinCounts& bins) {
  if (is_empty(bins)) return 0;
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  double largest = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    largest = std::max(largest,
                       std::abs(bins.reference[i] / reference_sum - bins.current[i] / current_sum));
  }
  return largest;
}

BinCounts without_rare_bins(const BinCounts& bins) {
  constexpr double kExpectedMin = 5;
  const double reference_sum = sum_of(bins.reference);
  const double current_sum = sum_of(bins.current);
  const double smaller_share =
      std::min(reference_sum, current_sum) / std::max(reference_sum + current_sum, 1.0);
  BinCounts kept;
  double rare_reference = 0;
  double rare_current = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    if ((bins.reference[i] + bins.current[i]) * smaller_share < kExpectedMin) {
      rare_reference += bins.reference[i];
      rare_current += bins.current[i];
    } else {
      kept.reference.push_back(bins.reference[i]);
      kept.current.push_back(bins.current[i]);
    }
  }
  if (rare_reference + rare_current > 0) {
    kept.reference.push_back(rare_reference);
    kept.current.push_back(rare_current);
  }
  return kept;
}

HomogeneityTest test_homogeneity(const BinCounts& bins) {
  HomogeneityTest test;
  if (is_empty(bins)) return test;
  const double sums[] = {sum_of(bins.reference), sum_of(bins.current)};
  const double all = sums[0] + sums[1];
  int used = 0;
  for (size_t i = 0; i < bins.reference.size(); ++i) {
    const double both = bins.reference[i] + bins.current[i];
    if (both == 0) continue;
    ++used;
    const double observed[] = {bins.reference[i], bins.current[i]};
    for (int side = 0; side < 2; ++side) {
      const double expected = both * sums[side] / all;
      const double off = observed[side] - expected;
      test.chi_square.statistic += off * off / expected;
      if (observed[side] > 0) {
        test.g.statistic += 2 * observed[side] * std::log(observed[side] / expected);
      }
    }
  }
  test.g.statistic = std::max(test.g.statistic, 0.0);
  test.degrees_of_freedom = used - 1;
  if (test.degrees_of_freedom > 0) {
    const double half = test.degrees_of_freedom / 2.0;
    test.chi_square.p_value = boost::math::gamma_q(half, test.chi_square.statistic / 2);
    test.g.p_value = boost::math::gamma_q(half, test.g.statistic / 2);
  }
  return test;
}

std::vector<double> decile_edges(std::span<const double> reference) {
  std::vector<double> edges;
  for (size_t decile = 1; decile <= 9; ++decile) {
    const size_t rank = (decile * reference.size() + 9) / 10;
    const double edge = reference[std::max<size_t>(rank, 1) - 1];
    // Nothing of the reference lies above its largest value: it ends the last bin anyway.
    if (edge < reference.back() && (edges.empty() || edge > edges.back())) edges.push_back(edge);
  }
  // A reference of one value, or nearly so: what lies above it must show.
  if (edges.empty()) edges.push_back(reference.back());
  return edges;
}

BinCounts count_in_bins(const SortedPair& samples, std::span<const double> edges) {
  return {counts_up_to(samples.reference, edges), counts_up_to(samples.current, edges)};
}

}  // namespace millgate
