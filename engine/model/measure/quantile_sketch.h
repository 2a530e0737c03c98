/// Quantiles of a stream of numbers in little memory, with a bound on their error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millgate {

/// Keeps buffers of values of weight 1, 2, 4 ...; a full buffer is sorted and every other value
/// goes up with double weight (Manku, Rajagopalan and Lindsay 1998). Each time, the rank of any
/// number is off by at most one weight more, and these are added up: `rank_error` is a guarantee,
/// about log2(n / 1024) / 1024 of the rows. The same values in the same order give the same sketch.
class QuantileSketch {
 public:
  /// `value` as often as `weight` says. Not NaN.
  void add(double value, uint64_t weight = 1);
  void merge(const QuantileSketch& other);

  [[nodiscard]] uint64_t count() const { return count_; }
  /// Values at `shares` (ascending, 0 to 1) of the values; empty without values.
  [[nodiscard]] std::vector<double> quantiles(const std::vector<double>& shares) const;
  /// How many values are at most each of `bounds` (ascending), about.
  [[nodiscard]] std::vector<double> counts_at_most(const std::vector<double>& bounds) const;
  /// Share of all values by which the rank of an answer may be off at most.
  [[nodiscard]] double rank_error() const;

 private:
  static constexpr size_t kBufferSize = 1024;
  struct Weighted {
    double value = 0;
    double weight = 0;
  };
  void add_at(size_t level, double value);
  void compact(size_t level);
  [[nodiscard]] std::vector<Weighted> sorted() const;

  std::vector<std::vector<double>> levels_;
  std::vector<bool> take_odd_;
  uint64_t count_ = 0;
  double error_rows_ = 0;
};

}  // namespace millgate
