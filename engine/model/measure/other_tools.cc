#include "model/measure/other_tools.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millgate {
namespace {

using Values = std::span<const double>;

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// Lowest and highest value, and how wide a bin should be.
struct Range {
  double low = 0;
  double high = 0;
  double width = 0;
};

/// Bounds of bins of one width, as numpy.histogram_bin_edges makes them.
std::vector<double> equal_edges(Range range) {
  size_t count = 1;
  if (range.width > 0) {
    count = static_cast<size_t>(std::ceil((range.high - range.low) / range.width));
  }
  if (range.low == range.high) {
    range.low -= 0.5;
    range.high += 0.5;
  }
  std::vector<double> edges;
  edges.reserve(count + 1);
  const double step = (range.high - range.low) / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) edges.push_back(range.low + static_cast<double>(i) * step);
  edges.push_back(range.high);
  return edges;
}

/// Counts in [e0, e1), [e1, e2) ... [ek-1, ek], as numpy.histogram.
std::vector<double> histogram(Values sorted, const std::vector<double>& edges) {
  std::vector<double> counts;
  auto from = std::lower_bound(sorted.begin(), sorted.end(), edges.front());
  for (size_t i = 1; i < edges.size(); ++i) {
    const auto to = i + 1 == edges.size() ? std::upper_bound(from, sorted.end(), edges[i])
                                          : std::lower_bound(from, sorted.end(), edges[i]);
    counts.push_back(static_cast<double>(to - from));
    from = to;
  }
  return counts;
}

Range sturges(const OtherNumbers& numbers) {
  const auto& [reference, current] = numbers.samples;
  const double count = static_cast<double>(reference.size() + current.size());
  Range range{std::min(reference.front(), current.front()),
              std::max(reference.back(), current.back())};
  range.width = (range.high - range.low) / (std::log2(count) + 1);
  if (numbers.is_integer && range.width > 0) range.width = std::max(range.width, 1.0);
  return range;
}

Range doane(Values values) {
  Range range{values.front(), values.back()};
  const double count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  double square = 0;
  double cube = 0;
  for (const double value : values) {
    square += (value - mean) * (value - mean) / count;
    cube += (value - mean) * (value - mean) * (value - mean) / count;
  }
  if (values.size() < 3 || !(square > 0)) return range;
  const double skew = cube / std::pow(square, 1.5);
  const double scale = std::sqrt(6 * (count - 2) / ((count + 1) * (count + 3)));
  range.width =
      (range.high - range.low) / (1 + std::log2(count) + std::log2(1 + std::abs(skew) / scale));
  return range;
}

bool has_more_than_20(Values sorted) {
  size_t distinct = 0;
  for (size_t i = 0; i < sorted.size() && distinct <= 20; ++distinct) {
    i = static_cast<size_t>(
        std::upper_bound(sorted.begin() + static_cast<std::ptrdiff_t>(i), sorted.end(), sorted[i]) -
        sorted.begin());
  }
  return distinct > 20;
}

/// One bin a distinct value of either sample.
BinCounts count_values(const SortedPair& samples) {
  std::vector<double> values(samples.reference.begin(), samples.reference.end());
  values.insert(values.end(), samples.current.begin(), samples.current.end());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return count_in_bins(samples, values);
}

std::vector<double> filled_shares(const std::vector<double>& counts) {
  const double sum = sum_of(counts);
  double least = 1;
  for (const double count : counts) {
    if (count > 0) least = std::min(least, count / sum);
  }
  const double filler = least <= 0.0001 ? least / 1e6 : 0.0001;
  std::vector<double> shares;
  shares.reserve(counts.size());
  for (const double count : counts) shares.push_back(count > 0 ? count / sum : filler);
  return shares;
}

double evidently_psi(const BinCounts& bins) {
  const std::vector<double> reference = filled_shares(bins.reference);
  const std::vector<double> current = filled_shares(bins.current);
  double sum = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    sum += (reference[i] - current[i]) * std::log(reference[i] / current[i]);
  }
  return sum;
}

/// A distance to base 2 as one of natural logarithms.
double natural(double distance) { return distance * std::sqrt(std::numbers::ln2); }

double nannyml_jensen_shannon(const SortedPair& samples) {
  const std::vector<double> edges = equal_edges(doane(samples.reference));
  BinCounts bins{histogram(samples.reference, edges), histogram(samples.current, edges)};
  const double outside = static_cast<double>(samples.current.size()) - sum_of(bins.current);
  if (outside > 0) {
    bins.reference.push_back(0);
    bins.current.push_back(outside);
  }
  return jensen_shannon_distance(bins);
}

double evidently_wasserstein(const OtherNumbers& numbers) {
  const double count = static_cast<double>(numbers.samples.reference.size());
  const double deviation = numbers.shift.reference_deviation * std::sqrt((count - 1) / count);
  return numbers.shift.wasserstein / std::max(deviation, 0.001);
}

}  // namespace

std::vector<OtherMeasure> other_measures(const OtherNumbers& numbers) {
  BinCounts bins;
  if (has_more_than_20(numbers.samples.reference)) {
    const std::vector<double> edges = equal_edges(sturges(numbers));
    bins = {histogram(numbers.samples.reference, edges), histogram(numbers.samples.current, edges)};
  } else {
    bins = count_values(numbers.samples);
  }
  return {{"evidently_psi", evidently_psi(bins)},
          {"evidently_jensen_shannon", natural(jensen_shannon_distance(bins))},
          {"evidently_wasserstein", evidently_wasserstein(numbers)},
          {"nannyml_jensen_shannon", nannyml_jensen_shannon(numbers.samples)}};
}

std::vector<OtherMeasure> other_measures(const BinCounts& categories) {
  const double distance = jensen_shannon_distance(categories);
  return {{"evidently_psi", evidently_psi(categories)},
          {"evidently_jensen_shannon", natural(distance)},
          {"nannyml_jensen_shannon", distance},
          {"tfdv_l_infinity", l_infinity_distance(categories)}};
}

}  // namespace millgate
