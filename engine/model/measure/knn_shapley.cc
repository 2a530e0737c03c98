#include "model/measure/knn_shapley.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <thread>

namespace millgate {
namespace {

/// Puts rows in the order of their distances, of which none is negative.
class NeighbourOrder {
 public:
  explicit NeighbourOrder(size_t rows) : neighbours_(rows), other_(rows) {}

  /// Valid until the next call.
  std::span<const uint32_t> order(const std::vector<double>& distances) {
    // The bits of a distance order like itself; as a float it has half of them to sort by, and
    // the few that become equal are told apart afterwards.
    for (size_t row = 0; row < distances.size(); ++row) {
      constexpr double kMax = std::numeric_limits<float>::max();
      const auto rounded = static_cast<float>(std::min(distances[row], kMax));
      neighbours_[row] = {std::bit_cast<uint32_t>(rounded), static_cast<uint32_t>(row)};
    }
    sort_by_digits();
    order_.resize(neighbours_.size());
    for (size_t i = 0; i < order_.size(); ++i) order_[i] = neighbours_[i].row;
    settle_equals(distances);
    return order_;
  }

 private:
  struct Neighbour {
    uint32_t key = 0;
    uint32_t row = 0;
  };
  static constexpr uint32_t kDigitBits = 11;
  static constexpr size_t kDigits = 1U << kDigitBits;
  static constexpr uint32_t kPasses = 3;

  static size_t digit(const Neighbour& one, uint32_t pass) {
    return (one.key >> (pass * kDigitBits)) & (kDigits - 1);
  }

  /// Least digit first; each pass keeps the order of equals.
  void sort_by_digits() {
    for (auto& places : places_) places.fill(0);
    for (const Neighbour& one : neighbours_) {
      for (uint32_t pass = 0; pass < kPasses; ++pass) ++places_[pass][digit(one, pass)];
    }
    for (uint32_t pass = 0; pass < kPasses; ++pass) {
      auto& places = places_[pass];
      if (places[digit(neighbours_.front(), pass)] == neighbours_.size()) continue;
      uint32_t next = 0;
      for (uint32_t& place : places) {
        const uint32_t count = place;
        place = next;
        next += count;
      }
      for (const Neighbour& one : neighbours_) other_[places[digit(one, pass)]++] = one;
      neighbours_.swap(other_);
    }
  }

  void settle_equals(const std::vector<double>& distances) {
    for (size_t first = 0; first < neighbours_.size();) {
      size_t last = first + 1;
      while (last < neighbours_.size() && neighbours_[last].key == neighbours_[first].key) ++last;
      if (last - first > 1) {
        std::stable_sort(order_.begin() + static_cast<std::ptrdiff_t>(first),
                         order_.begin() + static_cast<std::ptrdiff_t>(last),
                         [&](uint32_t a, uint32_t b) { return distances[a] < distances[b]; });
      }
      first = last;
    }
  }

  std::vector<Neighbour> neighbours_, other_;
  std::array<std::array<uint32_t, kDigits>, kPasses> places_{};
  std::vector<uint32_t> order_;
};

void fill_distances(const LabelledRows& training, const LabelledRows& test, size_t test_row,
                    std::vector<double>& distances) {
  constexpr double kOtherCategory = 2;
  std::fill(distances.begin(), distances.end(), 0);
  for (size_t c = 0; c < training.numbers.size(); ++c) {
    const double at = test.numbers[c][test_row];
    const double* column = training.numbers[c].data();
    for (size_t row = 0; row < distances.size(); ++row) {
      const double difference = column[row] - at;
      distances[row] += difference * difference;
    }
  }
  for (size_t c = 0; c < training.categories.size(); ++c) {
    const double at = test.categories[c][test_row];
    const double* column = training.categories[c].data();
    for (size_t row = 0; row < distances.size(); ++row) {
      distances[row] += column[row] == at ? 0 : kOtherCategory;
    }
  }
}

/// Adds the values that one test row gives, by the recursion from the farthest row inwards.
void add_values(std::span<const uint32_t> order, std::span<const double> labels, double label,
                int neighbours, std::vector<double>& sums) {
  const auto count = static_cast<double>(order.size());
  const auto k = static_cast<double>(neighbours);
  const auto agrees = [&](size_t place) { return labels[order[place]] == label ? 1.0 : 0.0; };
  double farther = agrees(order.size() - 1);
  // The farthest row counts where all rows are among the k nearest, else only in orders in which
  // it comes early.
  double value = farther * std::min(k, count) / (count * k);
  sums[order.back()] += value;
  for (size_t place = order.size() - 1; place > 0; --place) {
    const auto rank = static_cast<double>(place);
    const double nearer = agrees(place - 1);
    value += (nearer - farther) / k * std::min(k, rank) / rank;
    sums[order[place - 1]] += value;
    farther = nearer;
  }
}

/// Sums of the values over the test rows [first, last).
std::vector<double> sums_over(const LabelledRows& training, const LabelledRows& test,
                              int neighbours, size_t first, size_t last) {
  std::vector<double> sums(training.rows(), 0);
  std::vector<double> distances(training.rows());
  NeighbourOrder sorter(training.rows());
  for (size_t row = first; row < last; ++row) {
    fill_distances(training, test, row, distances);
    add_values(sorter.order(distances), training.labels, test.labels[row], neighbours, sums);
  }
  return sums;
}

}  // namespace

std::vector<double> knn_shapley(const LabelledRows& training, const LabelledRows& test,
                                int neighbours, int threads) {
  std::vector<double> values(training.rows(), 0);
  if (training.rows() == 0 || test.rows() == 0) return values;
  // Blocks of a fixed size, added in their order, so that threads do not change the sum.
  constexpr size_t kBlockRows = 64;
  const size_t blocks = (test.rows() + kBlockRows - 1) / kBlockRows;
  const size_t stride = static_cast<size_t>(std::max(threads, 1));
  std::vector<std::vector<double>> sums(blocks);
  const auto work = [&](size_t from) {
    for (size_t block = from; block < blocks; block += stride) {
      const size_t first = block * kBlockRows;
      sums[block] =
          sums_over(training, test, neighbours, first, std::min(first + kBlockRows, test.rows()));
    }
  };
  std::vector<std::thread> others;
  others.reserve(stride);
  for (size_t i = 1; i < stride; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
  for (const std::vector<double>& block : sums) {
    for (size_t row = 0; row < values.size(); ++row) values[row] += block[row];
  }
  for (double& value : values) value /= static_cast<double>(test.rows());
  return values;
}

}  // namespace millgate
