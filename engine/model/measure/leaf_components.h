/// Principal components of rows that are told by one number out of many in each place, such as the
/// leaves of boosted trees that they fall into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millgate {

/// Rows of `places` numbers below `number_end`; the numbers of different places differ.
struct LeafRows {
  std::span<const uint32_t> numbers;  ///< Row-major.
  size_t places = 0;
  size_t number_end = 0;

  [[nodiscard]] size_t rows() const { return places == 0 ? 0 : numbers.size() / places; }
};

/// Components of the rows as vectors of zeros and ones, one a number, less their mean.
struct LeafComponents {
  size_t count = 0;
  std::vector<double> mean;        ///< One a number: the share of the rows that have it.
  std::vector<double> directions;  ///< number_end x count, row-major; of length 1, orthogonal.
  std::vector<double> offsets;     ///< Projection of the mean on each.
  std::vector<double> variances;   ///< Of the projections of these rows; descending.

  /// Projections of any rows: rows x count, row-major.
  [[nodiscard]] std::vector<double> project(const LeafRows& rows) const;
};

/// The `count` components with the largest variance, fewer where the rows have fewer, by subspace
/// iteration: exact as far as the variances lie apart. Same seed, same answer; signs are such that
/// the entry of the largest size is positive.
[[nodiscard]] LeafComponents leaf_components(const LeafRows& rows, size_t count, uint64_t seed);

/// Where a sample of numbers falls best into two parts (2-means, exact): the values above. For
/// fewer than two different values, the largest value.
[[nodiscard]] double two_means_cut(std::vector<double> values);

/// Parts of `rows` points of `width` numbers by 2-means from several seeded starts, the best one:
/// 0 or 1 a row. Euclid's distance.
[[nodiscard]] std::vector<uint8_t> two_means(std::span<const double> points, size_t width,
                                             uint64_t seed);

}  // namespace millgate
