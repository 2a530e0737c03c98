/// Predictions for every labelled row by models that did not learn from it.
#pragma once

#include <cstdint>
#include <vector>

#include "ground/error.h"
#include "model/learn/trainer.h"

namespace millgate {

inline constexpr int kFoldsMin = 3;  ///< One measures, one chooses the rounds, the rest trains.

/// A fold a row, 0 to `folds` - 1, -1 for rows whose label is NaN; in an order shuffled by `seed`.
/// `by_class`: each label is dealt out evenly.
[[nodiscard]] std::vector<int> deal_folds(const std::vector<double>& labels, bool by_class,
                                          int folds, uint64_t seed);

/// One prediction a row of `request.joined`, NaN where `fold_of` is negative: that of a model whose
/// features and trees were learned without the fold of the row; the fold after it chose the rounds.
/// Rows of one fold may lie before those that their model learned from: good for looking at labels
/// and rows, not for measuring what a model will do tomorrow.
/// Deterministic. Errors: as train_model; `invalid_input` for fewer than `kFoldsMin` folds, or a
/// fold without rows.
[[nodiscard]] Result<std::vector<double>> out_of_fold_predictions(const TrainRequest& request,
                                                                  const std::vector<int>& fold_of);

}  // namespace millgate
