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

/// Sums over ordered pairs of different rows, where those with `is_current` are the second sample.
struct PairSums {
  double within[2] = {0, 0};
  double between = 0;  ///< Each pair once.
  double sizes[2] = {0, 0};
};

PairSums pair_sums(const std::vector<double>& cells, const std::vector<uint8_t>& is_current) {
  const size_t count = is_current.size();
  PairSums sums;
  for (size_t i = 0; i < count; ++i) {
    const double* row = &cells[i * count];
    double same = 0;
    double other = 0;
    for (size_t j = 0; j < i; ++j) (is_current[i] == is_current[j] ? same : other) += row[j];
    sums.within[is_current[i]] += 2 * same;
    sums.between += other;
    sums.sizes[is_current[i]] += 1;
  }
  return sums;
}

/// Unbiased: a row is not compared with itself.
double square_discrepancy(const PairSums& sums) {
  const double* n = sums.sizes;
  return sums.within[0] / (n[0] * (n[0] - 1)) + sums.within[1] / (n[1] * (n[1] - 1)) -
         2 * sums.between / (n[0] * n[1]);
}

double energy(const PairSums& sums) {
  const double* n = sums.sizes;
  const double square = 2 * sums.between / (n[0] * n[1]) - sums.within[0] / (n[0] * n[0]) -
                        sums.within[1] / (n[1] * n[1]);
  return std::sqrt(std::max(0.0, square));
}

struct Permutations {
  size_t reference_count = 0;
  int rounds = 0;
  Random random;
};

/// The statistic, and how many random divisions of all rows give at least as much.
template <typename Statistic>
TestResult permutation_test(const std::vector<double>& cells, Permutations permutations,
                            const Statistic& statistic) {
  const auto count =
      static_cast<size_t>(std::llround(std::sqrt(static_cast<double>(cells.size()))));
  std::vector<uint8_t> is_current(count, 0);
  std::fill(is_current.begin() + static_cast<std::ptrdiff_t>(permutations.reference_count),
            is_current.end(), 1);
  TestResult result;
  result.statistic = statistic(pair_sums(cells, is_current));
  int as_large = 0;
  for (int round = 0; round < permutations.rounds; ++round) {
    for (size_t i = count - 1; i > 0; --i) {
      std::swap(is_current[i], is_current[permutations.random.below(i + 1)]);
    }
    if (statistic(pair_sums(cells, is_current)) >= result.statistic) ++as_large;
  }
  result.p_value = (1.0 + as_large) / (1.0 + permutations.rounds);
  return result;
}

}  // namespace

TestResult maximum_mean_discrepancy(const RowSamples& rows, int permutations, uint64_t seed) {
  const size_t reference_count = rows.reference.size() / rows.column_count;
  const size_t current_count = rows.current.size() / rows.column_count;
  if (reference_count < 2 || current_count < 2) return {};
  std::vector<double> kernel = square_distances(rows);
  const double width = median_square(kernel, reference_count + current_count);
  if (!(width > 0) || !std::isfinite(width)) return {};
  for (double& cell : kernel) cell = std::exp(-cell / (2 * width));
  return permutation_test(
      kernel, {reference_count, permutations, Random::stream(seed, "maximum mean discrepancy")},
      square_discrepancy);
}

TestResult energy_distance(const RowSamples& rows, int permutations, uint64_t seed) {
  const size_t reference_count = rows.reference.size() / rows.column_count;
  const size_t current_count = rows.current.size() / rows.column_count;
  if (reference_count < 2 || current_count < 2) return {};
  std::vector<double> distances = square_distances(rows);
  for (double& cell : distances) cell = std::sqrt(cell);
  const double largest = *std::max_element(distances.begin(), distances.end());
  if (!(largest > 0) || !std::isfinite(largest)) return {};
  return permutation_test(
      distances, {reference_count, permutations, Random::stream(seed, "energy distance")}, energy);
}

}  // namespace millgate
