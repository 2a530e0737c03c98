/// `tune`: searches the parameters of a project's learner.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/tune/optimism.h"
#include "model/tune/study.h"
#include "model/tune/tuner.h"
#include "system/pipeline/project.h"
#include "system/pipeline/step_report.h"
#include "system/pipeline/training_set.h"

namespace millgate {

/// How to tune.
struct TuneOptions {
  std::string revision = kCurrentBranch;
  std::string author = {};
  int workers = 0;  ///< Threads with a trial each; 0: a core each, at most `side_by_side`.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// A finished search.
struct TuneReport {
  Study study;
  std::string data_commit;
  std::vector<Trial> trials;   ///< By number; the first is the project as it is.
  std::optional<size_t> best;  ///< By the first metric; nothing when every trial failed.
  std::vector<size_t> front;   ///< Of several metrics: what no other trial beats in all of them.
  std::optional<Optimism> optimism;
  std::vector<double> importance;  ///< One a parameter of the space; they sum to 1, or are all 0.
  std::vector<StepReport> steps;   ///< "join", unless the search was finished before, and "tune".
};

/// Runs what is missing of the search that [train] `tune` asks for, on the rows as of
/// `options.revision`. Data, features, learner and definition name the study: the same ones find
/// its trials in the ledger, so that a search that was broken off goes on, more trials add to it,
/// and a finished one is given back.
///
/// Errors: `invalid_input` without `tune`, or when no trial gave a value; else as run_pipeline.
[[nodiscard]] Result<TuneReport> tune_pipeline(Repository& repository, const Project& project,
                                               const TuneOptions& options);

/// The same inside a run: `joined` is set when rows had to be joined.
[[nodiscard]] Result<TuneReport> tune_training_set(Repository& repository, const Project& project,
                                                   TrainingSet& set, const TuneOptions& options,
                                                   std::shared_ptr<arrow::Table>& joined);

/// The search that `project` asks for on the rows of `set`, if the ledger has all of its trials;
/// else nothing. `step` tells why. Errors: as tune_pipeline.
[[nodiscard]] Result<std::optional<TuneReport>> finished_search(const Repository& repository,
                                                                const Project& project,
                                                                const TrainingSet& set,
                                                                StepReport& step);

/// The settings of the project with the parameters of the best trial, ready to train.
[[nodiscard]] TrainSettings tuned_settings(const TrainSettings& settings, const TuneReport& report);

}  // namespace millgate
