/// Trials of a search, measured on the validation rows of a training set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/learn/attempt.h"
#include "model/learn/trainer.h"
#include "model/tune/study.h"
#include "model/tune/tuner.h"

namespace millgate {

inline constexpr int kTuneResamples = 100;  ///< Of the rows, for the optimism of the winner.

/// The metrics of `settings.tune`, or the task's loss.
/// Errors: `invalid_input` at the place for one that the task cannot have.
[[nodiscard]] Result<std::vector<Objective>> objectives_of(const TrainSettings& settings,
                                                           TaskKind kind);

/// Rounds at which trials may be stopped; none for what has no rounds, or two objectives.
[[nodiscard]] std::vector<int> rungs_of(const TrainSettings& settings);

/// The rows that trials are measured on: features are fitted and computed once a fold, since no
/// searched parameter changes them. No test row is among them (rolling_splits). Immutable;
/// thread-safe.
class TuningRows {
 public:
  /// `request.settings.tune` must be there. Errors: as train_model; `invalid_input` naming the fold
  /// in which a class is missing.
  [[nodiscard]] static Result<TuningRows> prepare(TrainRequest request);

  /// Trains with the parameters of the assignment beside those of the project, on each fold; the
  /// value is the mean over folds. Stopping is decided on the newest fold, by the loss: others are
  /// trained only when it was not stopped there.
  /// `threads` that the learner may use; the outcome does not depend on it.
  /// Errors: `invalid_input` with the learner's message.
  [[nodiscard]] Result<TrialOutcome> evaluate(const Assignment& assignment, int threads) const;

  [[nodiscard]] size_t valid_rows() const;

 private:
  TuningRows() = default;
  TrainRequest request_;  ///< Without rows.
  std::vector<Objective> objectives_;
  std::vector<int> rungs_;
  std::vector<PreparedRows> folds_;
};

}  // namespace millgate
