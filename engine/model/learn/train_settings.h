/// `[train]` of the project file.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// How a model is trained.
struct TrainSettings {
  std::string learner = "gbdt";   ///< gbdt | linear | constant
  std::string split_by = "time";  ///< time | random
  int64_t valid_micros = 0;       ///< Length of the validation window before the test; 0: `share`.
  int64_t test_micros = 0;        ///< Length of the newest window; 0: `share`.
  double share = 0.2;             ///< Of valid and of test each, where no lengths are given.
  uint64_t seed = 1;
  std::map<std::string, std::string> parameters;  ///< [train.parameters]: passed to the learner.
  int rounds_max = 500;                           ///< gbdt: trees at most.
  int early_stopping_rounds =
      30;  ///< gbdt: stop when the loss on valid rows is not better so long.
};

/// One parameter that `[train.parameters]` may hold.
struct LearnerParameter {
  std::string_view name;
  std::string_view learner;
  std::string_view definition;  ///< One sentence.
};

/// All of them, in the order in which help shows them.
[[nodiscard]] std::span<const LearnerParameter> learner_parameters();

/// Reads `[train]`; an empty section gives the defaults.
/// Errors: `invalid_input` with the place: unknown keys and parameters (nearest name), a window
/// of no length, one window without the other, a share outside (0, 0.5).
[[nodiscard]] Result<TrainSettings> read_train_settings(Section section);

}  // namespace millgate
