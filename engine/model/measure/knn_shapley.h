/// What each training row is worth to a nearest-neighbour classifier.
#pragma once

#include <cstddef>
#include <vector>

namespace millgate {

/// Rows with their labels, column by column.
struct LabelledRows {
  std::vector<std::vector<double>> numbers;     ///< All finite.
  std::vector<std::vector<double>> categories;  ///< Codes.
  std::vector<double> labels;                   ///< Codes of classes.
  [[nodiscard]] size_t rows() const { return labels.size(); }
};

/// The Shapley value of every training row, exact: a row's mean contribution, over all orders in
/// which the rows could have been collected, to the number of its `neighbours` nearest rows that
/// have a test row's label, divided by `neighbours`; averaged over the test rows (Jia et al. 2019,
/// "Efficient task-specific data valuation for nearest neighbor algorithms", theorem 1). The values
/// add up to that share with all training rows.
///
/// Distances are squared Euclidean ones, in which a category that differs counts 2, as between
/// columns of zeros and ones; of equal distances the earlier row counts as nearer. `neighbours` is
/// at least 1. Empty without training rows; all zeros without test rows.
/// O(test rows * training rows * columns). The same on any number of `threads`.
[[nodiscard]] std::vector<double> knn_shapley(const LabelledRows& training,
                                              const LabelledRows& test, int neighbours,
                                              int threads = 2);

}  // namespace millgate
