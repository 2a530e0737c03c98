/// `[train]` of the project file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"
#include "model/artifact/calibration.h"
#include "model/artifact/uncertainty.h"
#include "model/learn/command_settings.h"
#include "model/tune/search_space.h"
#include "model/tune/suggest.h"

namespace millgate {

/// `tune` in [train], and [train.search]: how parameters are searched.
struct TuneSettings {
  int trials = 40;
  int64_t budget_micros = 0;         ///< Summed over trials; 0: only `trials` counts.
  std::vector<std::string> metrics;  ///< The first decides. Empty: the task's loss.
  int folds = 1;                     ///< Windows of validation, each older than the next.
  Sampler sampler = Sampler::tpe;
  bool prune = true;     ///< gbdt with one metric: stop trials that fall behind.
  int side_by_side = 2;  ///< Trials that may run at once; decides about their order, see Study.
  int warm_start = 0;    ///< Best points of earlier studies to try first.
  SearchSpace space;     ///< What is searched; the learner's usual one when nothing is written.
  Section section;       ///< For errors about `metric`.
};

/// `uncertainty` in [train]: what predictions are surrounded by.
struct UncertaintySettings {
  double coverage = 0.9;                    ///< In (0, 1).
  std::optional<UncertaintyMethod> method;  ///< Nothing: `absolute`, or `lac` of binary tasks.
  Section section;                          ///< For errors that need the kind of task.
};

struct EnsembleMember;

/// Of the learner `ensemble`: what is trained side by side, and how that becomes one prediction.
struct EnsembleSettings {
  std::string combine = "average";      ///< average | stack | greedy
  int folds = 5;                        ///< stack: parts of the training rows, each predicted once.
  std::vector<EnsembleMember> members;  ///< In the order of the file, which counts.
};

/// How a model is trained.
struct TrainSettings {
  std::string learner = "gbdt";   ///< gbdt | linear | constant | command | ensemble
  std::string split_by = "time";  ///< time | random
  int64_t valid_micros = 0;       ///< Length of the validation window before the test; 0: `share`.
  int64_t test_micros = 0;        ///< Length of the newest window; 0: `share`.
  double share = 0.2;             ///< Of valid and of test each, where no lengths are given.
  uint64_t seed = 1;
  std::map<std::string, std::string> parameters;  ///< [train.parameters]: passed to the learner.
  CommandSettings command;                        ///< Of the learner `command`.
  EnsembleSettings ensemble;                      ///< Of the learner `ensemble`.
  int rounds_max = 500;                           ///< gbdt: trees at most.
  int early_stopping_rounds =
      30;  ///< gbdt: stop when the loss on valid rows is not better so long.
  std::optional<TuneSettings> tune;            ///< Nothing: the parameters are used as they are.
  std::optional<CalibrationMethod> calibrate;  ///< Nothing: the scorer's own probabilities.
  std::optional<UncertaintySettings> uncertainty;  ///< Nothing: no intervals, no sets.
  double calibrate_share = 0.5;  ///< Of the valid rows the newest, which learn these two.

  [[nodiscard]] bool needs_calibration_rows() const { return calibrate || uncertainty; }
};

/// One `[[train.member]]`.
struct EnsembleMember {
  std::string name;
  double weight = 1;       ///< average: its share of the mean, beside the weights of the others.
  TrainSettings settings;  ///< Those of [train] where the member does not say.
};

/// Whether the learner, or a member of it, is a program.
[[nodiscard]] bool runs_program(const TrainSettings& settings);

/// One parameter that `[train.parameters]` may hold.
struct LearnerParameter {
  std::string_view name;
  std::string_view learner;
  std::string_view definition;  ///< One sentence.
};

/// Those of our own learners, in the order in which help shows them; a program takes any.
[[nodiscard]] std::span<const LearnerParameter> learner_parameters();

/// Reads `[train]`; an empty section gives the defaults.
/// Errors: `invalid_input` with the place: unknown keys and parameters (nearest name), a window
/// of no length, one window without the other, a share outside (0, 0.5).
[[nodiscard]] Result<TrainSettings> read_train_settings(Section section);

}  // namespace millgate
