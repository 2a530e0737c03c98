/// Runs the trials of a study: by several workers, in several processes, broken off and resumed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/ledger.h"
#include "model/tune/study.h"
#include "model/tune/trial.h"

namespace millgate {

/// What is to be measured.
struct Assignment {
  int number = 0;
  std::map<std::string, std::string> parameters;  ///< Empty in trial 0.
  /// Asked at each rung of the study, from the first on, with the loss there: whether to go on.
  std::function<bool(size_t rung, double loss)> goes_on;
};

/// Called by several threads at once. Deterministic: the same assignment and the same answers of
/// `goes_on` must give the same outcome. An error makes the trial a failed one, as does a value
/// that is not finite; an error of code `outside` ends the tuner instead, since a full disk says
/// nothing about the parameters.
using Evaluate = std::function<Result<TrialOutcome>(const Assignment&)>;

struct TunerOptions {
  int trials = 40;  ///< Besides trial 0.
  /// Summed over trials; when it is spent, no more are begun. 0: no such limit.
  double seconds = 0;
  int workers = 1;
  /// Folder for what says who runs which trial; made when missing. May be lost when nobody tunes.
  std::string claims_folder;
  std::string author = {};
  /// Called after each trial, by one thread at a time.
  std::function<void(int done, int of)> progress = {};
};

/// Trial 0, then 1 to `options.trials`, each recorded in the ledger as soon as it ends. Trials that
/// the ledger has are not run again. Processes that tune one study at once share its trials: each
/// takes those that no other is running, and the results are those of one process alone.
///
/// A trial that ended the whole process five times is recorded as failed.
///
/// Errors: `outside`, `damaged`; what was recorded stays.
[[nodiscard]] Result<std::vector<Trial>> run_study(Ledger& ledger, const Study& study,
                                                   const Evaluate& evaluate,
                                                   const TunerOptions& options);

/// The trials of `all` that a study with this budget is made of, by number; nothing while one of
/// them is missing.
[[nodiscard]] std::optional<std::vector<Trial>> finished_trials(const Study& study,
                                                                const std::vector<Trial>& all,
                                                                const TunerOptions& options);

}  // namespace millgate
