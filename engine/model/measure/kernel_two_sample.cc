#include "model/measure/kernel_two_sample.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ground/random.h"

namespace millgate {
namespace {

/// Squared distances between all rows of both samples, the reference first.
std::vector<double> square_distances(const RowSamples& rows) {
  std::vector<double> all(rows.reference.begin(), rows.reference.end());
  all.insert(all.end(), rows.current.begin(), rows.current.end());
  const size_t count = all.size() / rows.column_count;
  std::vector<double> squares(count * count);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) {
      double sum = 0;
      for (size_t c = 0; c < rows.column_count; ++c) {
        const double off = all[i * rows.column_count + c] - all[j * rows.column_count + c];
        sum += off * off;
      }
      squares[i * count + j] = squares[j * count + i] = sum;
    }
  }
  return squares;
}

/// Of the squared distances between different rows; of an even number, the mean of the middle two
/// distances, squared.
double median_square(const std::vector<double>& squares, size_t count) {
  std::vector<double> distances;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) distances.push_back(std::sqrt(squares[i * count + j]));
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  double median = *middle;
  if (distances.size() % 2 == 0)
    median = (median + *std::max_element(distances.begin(), middle)) / 2;
  return median * median;
}

/// The unbiased estimate where the rows with `is_current` are the second sample.
double estimate(const std::vector<double>& kernel, const std::vector<uint8_t>& is_current) {
  const size_t count = is_current.size();
  double within[2] = {0, 0};
  double between = 0;
  double sizes[2] = {0, 0};
  for (size_t i = 0; i < count; ++i) {
    const double* row = &kernel[i * count];
    double same = 0;
    double other = 0;
    for (size_t j = 0; j < i; ++j) (is_current[i] == is_current[j] ? same : other) += row[j];
    within[is_current[i]] += 2 * same;
    between += other;
    sizes[is_current[i]] += 1;
  }
  return within[0] / (sizes[0] * (sizes[0] - 1)) + within[1] / (sizes[1] * (sizes[1] - 1)) -
         2 * between / (sizes[0] * sizes[1]);
}

}  // namespace

TestResult maximum_mean_discrepancy(const RowSamples& rows, int permutations, uint64_t seed) {
  const size_t reference_count = rows.reference.size() / rows.column_count;
  const size_t current_count = rows.current.size() / rows.column_count;
  TestResult result;
  if (reference_count < 2 || current_count < 2) return result;
  const size_t count = reference_count + current_count;
  std::vector<double> kernel = square_distances(rows);
  const double width = median_square(kernel, count);
  if (!(width > 0) || !std::isfinite(width)) return result;
  for (double& cell : kernel) cell = std::exp(-cell / (2 * width));
  std::vector<uint8_t> is_current(count, 0);
  std::fill(is_current.begin() + static_cast<std::ptrdiff_t>(reference_count), is_current.end(), 1);
  result.statistic = estimate(kernel, is_current);
  Random random = Random::stream(seed, "maximum mean discrepancy");
  int as_large = 0;
  for (int round = 0; round < permutations; ++round) {
    for (size_t i = count - 1; i > 0; --i) {
      std::swap(is_current[i], is_current[random.below(i + 1)]);
    }
    if (estimate(kernel, is_current) >= result.statistic) ++as_large;
  }
  result.p_value = (1.0 + as_large) / (1.0 + permutations);
  return result;
}

}  // namespace millgate
