/// Which labels are probably wrong, told from the probabilities of a model that did not learn them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// A row whose label the probabilities speak against.
struct LabelIssue {
  size_t row = 0;
  size_t given = 0;            ///< Class of the label.
  size_t suggested = 0;        ///< The most probable class.
  double self_confidence = 0;  ///< Probability of the given class.
  double probability = 0;      ///< Of the suggested class.
};

/// Matrices are row-major, classes x classes: row given label, column class that it seems to be.
struct ConfidentLearning {
  std::vector<double> thresholds;  ///< A class: mean probability of it in the rows labelled so.
  std::vector<int64_t> confident;  ///< The confident joint: counts of rows.
  std::vector<double> joint;       ///< Estimated counts of all rows: `confident` by label scaled to
                                   ///< the rows that have the label.
  std::vector<LabelIssue> issues;  ///< Least self-confidence first, then by row.
  double wrong_share = 0;          ///< Estimated: the part of `joint` off its diagonal.
};

/// Confident learning (Northcutt, Jiang, Chuang 2021, "Confident learning: estimating uncertainty
/// in dataset labels", JAIR 70): a row counts in the confident joint for the most probable of the
/// classes whose probability reaches the class's threshold; off the diagonal, its label is an issue
/// unless the given class is the most probable one. A diagonal count is at least 1. Rows without a
/// class that reaches its threshold are not counted. Of equal probabilities the lower class wins.
///
/// `labels`: a class a row, below `classes`; `probabilities`: row-major, rows x classes, out of
/// fold, each row adding up to 1. A class without a row has the threshold 1.
/// Errors: `invalid_input` for fewer than two classes, sizes that do not fit, a label that is no
/// class, a probability outside [0, 1], a row whose sum differs from 1 by more than 0.001; numbers
/// of rows count from 1.
[[nodiscard]] Result<ConfidentLearning> confident_learning(std::span<const size_t> labels,
                                                           std::span<const double> probabilities,
                                                           size_t classes);

}  // namespace millgate
