#include "model/measure/association.h"

#include <algorithm>
#include <boost/sort/spreadsort/integer_sort.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/measure/number_order.h"

namespace millgate {

std::vector<double> middle_ranks(std::span<const double> values) {
  std::vector<std::pair<double, size_t>> order(values.size());
  for (size_t i = 0; i < values.size(); ++i) order[i] = {values[i], i};
  boost::sort::spreadsort::integer_sort(
      order.begin(), order.end(),
      [](const auto& one, unsigned shift) { return ordered_bits(one.first) >> shift; },
      [](const auto& one, const auto& other) { return one.first < other.first; });
  std::vector<double> ranks(values.size());
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    while (end < order.size() && order[end].first == order[i].first) ++end;
    const double middle = static_cast<double>(i + 1 + end) / 2;
    for (; i < end; ++i) ranks[order[i].second] = middle;
  }
  return ranks;
}

namespace {

bool is_constant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

}  // namespace

double pearson_correlation(std::span<const double> a, std::span<const double> b) {
  // Asked first: the mean of equal values may be off by a rounding error.
  if (is_constant(a) || is_constant(b)) return std::numeric_limits<double>::quiet_NaN();
  const double count = static_cast<double>(a.size());
  double mean_a = 0;
  double mean_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / count;
    mean_b += b[i] / count;
  }
  double square_a = 0;
  double square_b = 0;
  double cross = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double off_a = a[i] - mean_a;
    const double off_b = b[i] - mean_b;
    square_a += off_a * off_a;
    square_b += off_b * off_b;
    cross += off_a * off_b;
  }
  if (!(square_a > 0) || !(square_b > 0)) return std::numeric_limits<double>::quiet_NaN();
  return std::clamp(cross / std::sqrt(square_a) / std::sqrt(square_b), -1.0, 1.0);
}

CategoryAssociation associate(const PairCounts& counts) {
  std::map<int32_t, double> rows;
  std::map<int32_t, double> columns;
  double all = 0;
  for (const auto& [pair, count] : counts) {
    const double number = static_cast<double>(count);
    rows[pair.first] += number;
    columns[pair.second] += number;
    all += number;
  }
  CategoryAssociation result;
  double sum = 0;  // Of observed^2 / (row * column).
  for (const auto& [pair, count] : counts) {
    const double number = static_cast<double>(count);
    if (number == 0) continue;
    const double both = rows[pair.first] * columns[pair.second];
    sum += number * number / both;
    result.mutual_information += number / all * std::log(number * all / both);
  }
  result.mutual_information = std::max(result.mutual_information, 0.0);
  result.chi_square = std::max(all * (sum - 1), 0.0);
  const double r = static_cast<double>(rows.size());
  const double c = static_cast<double>(columns.size());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (r < 2 || c < 2) {
    result.cramers_v = result.cramers_v_corrected = nan;
    return result;
  }
  const double phi = result.chi_square / all;
  result.cramers_v = std::sqrt(std::min(phi / (std::min(r, c) - 1), 1.0));
  const double corrected = std::max(0.0, phi - (r - 1) * (c - 1) / (all - 1));
  const double r_corrected = r - (r - 1) * (r - 1) / (all - 1);
  const double c_corrected = c - (c - 1) * (c - 1) / (all - 1);
  const double least = std::min(r_corrected, c_corrected) - 1;
  result.cramers_v_corrected = least > 0 ? std::sqrt(std::min(corrected / least, 1.0)) : nan;
  return result;
}

double equal_rank_correlations_p_value(const CorrelationPair& pair) {
  constexpr int64_t kRowsMin = 10;
  if (std::min(pair.reference_count, pair.current_count) < kRowsMin) return 1;
  // A correlation of exactly 1 has no finite z.
  constexpr double kEdge = 1 - 1e-12;
  const double z = std::atanh(std::clamp(pair.current, -kEdge, kEdge)) -
                   std::atanh(std::clamp(pair.reference, -kEdge, kEdge));
  const double variance = 1.06 / static_cast<double>(pair.reference_count - 3) +
                          1.06 / static_cast<double>(pair.current_count - 3);
  return std::erfc(std::abs(z) / std::sqrt(2 * variance));
}

}  // namespace millgate
