#include "model/measure/share_difference.h"

#include <cmath>

#include "model/measure/bin_counts.h"

namespace millgate {
namespace {

constexpr double kNormal975 = 1.959963984540054;

struct Interval {
  double lower = 0;
  double upper = 0;
};

/// Wilson's score interval (1927).
Interval wilson(const RowShare& share) {
  const double n = static_cast<double>(share.all);
  const double p = share.value();
  const double square = kNormal975 * kNormal975;
  const double middle = (p + square / (2 * n)) / (1 + square / n);
  const double half =
      kNormal975 * std::sqrt(p * (1 - p) / n + square / (4 * n * n)) / (1 + square / n);
  return {middle - half, middle + half};
}

}  // namespace

double RowShare::value() const {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

ShareDifference share_difference(const RowShare& reference, const RowShare& current) {
  ShareDifference result;
  if (reference.all == 0 || current.all == 0) return result;
  result.difference = current.value() - reference.value();
  const Interval before = wilson(reference);
  const Interval now = wilson(current);
  result.lower =
      result.difference - std::hypot(current.value() - now.lower, before.upper - reference.value());
  result.upper =
      result.difference + std::hypot(now.upper - current.value(), reference.value() - before.lower);
  const BinCounts bins{
      {static_cast<double>(reference.part), static_cast<double>(reference.all - reference.part)},
      {static_cast<double>(current.part), static_cast<double>(current.all - current.part)}};
  result.p_value = test_homogeneity(bins).chi_square.p_value;
  return result;
}

}  // namespace millgate
