/// Models that are trained only to be held against another: none of them is stored.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/learn/attempt.h"
#include "model/learn/split.h"
#include "model/learn/trainer.h"
#include "model/measure/simple_model.h"

namespace millgate {

/// A model by what it says of the test rows of its split.
struct Rival {
  std::vector<double> predictions;  ///< In the order of the test rows.
  double threshold = 0.5;           ///< Of its decisions.
  std::vector<double> decide_by;    ///< Of several classes: as Manifest::decide_by.
};

/// Trains as `request` says on `split`, calibration and threshold included. `rows` are those of
/// `request.joined`. Errors: as train_model.
[[nodiscard]] Result<Rival> train_rival(const TrainRequest& request, const TrainingRows& rows,
                                        const Split& split);

/// The simple model on the rows, task and features of `request`, whose learner and parameters do
/// not count. Its threshold is chosen as that of the request. Not for `last_value`. Errors: as
/// train_model.
[[nodiscard]] Result<Rival> train_simple(SimpleModelKind simple, TrainRequest request,
                                         const TrainingRows& rows, const Split& split);

/// For each test row the last value that could be known: the label of the newest row of the same
/// group (`groups` has one text a row of `rows`; empty: all are one) whose label was known before
/// the test row's time. For binary tasks it is told as the share of positives among the training
/// rows with the same last value, (positives + 1) / (rows + 2); rows without a last value get the
/// share, or the mean label, of the training rows without one.
/// Errors: `invalid_input` where rows have no time.
[[nodiscard]] Result<Rival> last_values(const TrainRequest& request, const TrainingRows& rows,
                                        std::span<const std::string> groups, const Split& split);

}  // namespace millgate
