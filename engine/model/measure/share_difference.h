/// Whether a share, such as that of missing values, differs between two samples.
#pragma once

#include <cstdint>

namespace millgate {

/// So many of so many rows.
struct RowShare {
  int64_t part = 0;
  int64_t all = 0;
  /// 0 without rows.
  [[nodiscard]] double value() const;
};

/// The current share less that of the reference.
struct ShareDifference {
  double difference = 0;
  double lower = 0, upper = 0;  ///< 95 % interval: Newcombe (1998), method 10, without correction.
  double p_value = 1;           ///< Pearson's chi-square of the 2 x 2 table, without correction.
};
/// Nothing differs (all zeros, p-value 1) where a sample has no rows.
[[nodiscard]] ShareDifference share_difference(const RowShare& reference, const RowShare& current);

}  // namespace millgate
