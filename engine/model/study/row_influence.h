/// What a model would lose on some rows if one of its training rows were not there, without
/// training it again for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ground/error.h"
#include "model/learn/learner.h"

namespace millgate {

/// Training and test rows of one binary question: labels 0 and 1.
struct InfluenceRows {
  Examples train, test;
  std::vector<bool> is_category;  ///< One a feature.
};

/// One value a training row: by how much the mean log loss of the test rows, in nats, rises when
/// the row is left out. Below zero: the model is better without it.
struct RowInfluence {
  std::vector<double> values;
  double log_loss = 0;  ///< Of the model with all rows, on the test rows.
  /// The rows of largest size are trained without, and have the values of that: the largest
  /// difference of their first values from them, as a share of the largest. 0 without a check.
  double retrained_error = 0;
  int checked = 0;
};

/// Logistic regression (fit_linear, `l2` 1), of which each row is left out by one step of Newton's
/// method from the model with all rows, with the curvature of the others: that is
/// H^-1 x e / (1 - w h) with the row's leverage h = x' H^-1 x, exact up to terms of third order
/// (Pregibon 1981; Rad and Maleki 2020). The columns keep mean and scale of all rows. The losses
/// of the test rows are computed with the new coefficients, not by their slope. The `checked_rows`
/// largest values are replaced by trainings to the end.
/// O(rows d^2 + rows tests d). Errors: as fit_linear.
[[nodiscard]] Result<RowInfluence> linear_influence(const InfluenceRows& rows, int checked_rows);

/// Boosted trees of `settings` (gbdt, binary), by BoostIn (Brophy, Hammoudeh and Lowd 2023): the
/// trees keep their splits, and up-weighting row i changes the value of its leaf in tree t by
/// -(g_i + h_i v) / (sum h + lambda), with the gradient g and curvature h of the row before the
/// tree and the leaf's value v. The loss of a test row in the same leaf changes by its own gradient
/// times that and the learning rate. What later trees make of it is left out: it is a first order
/// and orders rows; as an amount it is rough. `retrained_error` is not given.
/// O(rows trees + tests trees). Errors: as fit_boosted_trees; `invalid_input` for parameters that
/// draw rows or columns.
[[nodiscard]] Result<RowInfluence> tree_influence(const InfluenceRows& rows,
                                                  const TrainSettings& settings);

}  // namespace millgate
