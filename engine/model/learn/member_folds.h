/// Predictions of members of an ensemble for training rows that they did not learn from. Inside the
/// room: what `attempt` gives a learner as `predict_folds`.
#pragma once

#include <vector>

#include "ground/error.h"
#include "model/learn/attempt.h"

namespace millgate {

/// The training rows of `split` parted by the rule of `settings.split_by` into
/// `settings.ensemble.folds` splits, whose test rows are predicted: each row is test at most once,
/// and no valid, calibration or test row of `split` is there at all.
///
/// By time: windows of about as many rows, cut where the time changes. Each fold learns from all
/// windows before, has one for its valid rows (which choose the rounds), and predicts the next; so
/// the two oldest windows have no predictions. Labels that were not known when the next window
/// began are left out, as in split_rows. By random: rows are dealt, each label evenly where labels
/// are classes; the fold after the predicted one chooses the rounds.
///
/// Of a ranking no query is cut. Errors: `invalid_input` when a part of a fold would be empty.
[[nodiscard]] Result<std::vector<Split>> member_folds(const TrainingRows& rows, const Split& split,
                                                      const TrainSettings& settings, TaskKind kind);

/// Trains every member on every fold, features included.
[[nodiscard]] Result<FoldPredictions> predict_folds(const TrainRequest& request,
                                                    const TrainingRows& rows, const Split& split);

}  // namespace millgate
