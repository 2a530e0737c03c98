/// One trial of a study: what was tried and what came of it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

enum class TrialState : uint8_t {
  complete,
  pruned,  ///< Stopped at a rung: others were better by then.
  failed,  ///< It has no value, and `error` says why.
};

[[nodiscard]] std::string_view to_text(TrialState state);

/// What an evaluation found. A complete one has one value an objective.
struct TrialOutcome {
  std::vector<double> values = {};
  /// The loss at each rung that was reached, lower is better; a complete trial that needed fewer
  /// rounds has its last loss at the others.
  std::vector<double> rung_losses = {};
  bool is_pruned = false;
  int best_round = 0;
  /// The first objective on bootstrap resamples of the rows, and on the rows that each of them left
  /// out: what model/tune/optimism.h asks for. The same resamples in all trials of a study.
  std::vector<double> in_bag = {}, out_of_bag = {};
};

struct Trial {
  int number = 0;  ///< 0: the project as it is, before anything was searched.
  TrialState state = TrialState::complete;
  std::map<std::string, std::string> parameters = {};  ///< What was searched.
  TrialOutcome outcome = {};
  std::string error = {};
  double seconds = 0;
};

[[nodiscard]] nlohmann::ordered_json to_json(const Trial& trial);
/// Errors: `damaged`.
[[nodiscard]] Result<Trial> trial_from_json(const nlohmann::ordered_json& json);

}  // namespace millgate
