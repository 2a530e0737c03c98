/// The area under a ROC curve as a test: whether scores of one sample are larger than those of
/// another.
#pragma once

#include <span>

namespace millgate {

struct AreaTest {
  double auc = 0.5;  ///< P(a positive's score > a negative's) + P(equal) / 2.
  /// Of `auc` where both samples are of one distribution: that of the Wilcoxon-Mann-Whitney
  /// statistic with its correction for ties, so that it is no estimate.
  double null_variance = 0;
  double variance = 0;  ///< Of `auc` as it is (DeLong, DeLong and Clarke-Pearson 1988).
};

/// AUC 0.5 and no variance where a sample is empty; `variance` is 0 for fewer than two of one.
[[nodiscard]] AreaTest area_test(std::span<const double> negatives,
                                 std::span<const double> positives);

/// P(a standard normal > z).
[[nodiscard]] double upper_tail(double z);

}  // namespace millgate
