/// Mean labels of categories, learned so that no training row sees its own label.
#pragma once

#include <map>
#include <string>

#include "data/feature/fitted_function.h"
#include "data/feature/vector.h"
#include "ground/error.h"

namespace millgate {

struct TargetMeans {
  std::map<std::string, double> of_text;  ///< From all labels, for rows that come later.
  double of_unseen = 0.0;                 ///< The mean of all labels.
  Vector training_values;                 ///< Numbers, one a training row; null where s is null.
};

/// (sum of labels of the text + weight * mean of all labels) / (count + weight).
///
/// With times, the value of a training row is that of all labels known at its row time, so that
/// it equals what a server would have answered then; NaN while no label was known. Without
/// times, rows are dealt into five folds in turn, and a row gets the value of the other four.
/// Errors: `invalid_input` when no row has a label.
[[nodiscard]] Result<TargetMeans> target_means(const Vector& texts, const FitLabels& labels,
                                               double weight);

}  // namespace millgate
