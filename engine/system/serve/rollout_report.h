/// How a roll-out stands, and what follows from it.
///
/// Rates of errors, of slow answers and the mean loss of labelled predictions are held against
/// those of the champion by tests that may be looked at at any time (anytime_difference.h). Each
/// asks: is the challenger worse by more than the margin of the plan? Yes takes it back, no in all
/// of them lets it through, and until either is found it goes on. An error in either direction has
/// at most the probability `alpha` of the plan, over all looks and measures together.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "model/measure/anytime_difference.h"
#include "model/release/rollout.h"
#include "system/serve/rollout_counts.h"

namespace millgate {

/// The losses of labelled predictions, one entry a step.
using StepLosses = std::vector<ArmPair>;

/// One thing that is compared.
struct Comparison {
  std::string name;  ///< "error_rate", "slow_rate", "mean_loss".
  double margin = 0;
  ArmTotal champion;  ///< Of all steps together, for people.
  ArmTotal challenger;
  AnytimeDifference difference;    ///< Of level 1 - alpha.
  double log_evidence_worse = 0;   ///< That it is worse by more than the margin.
  double log_evidence_fine = 0;    ///< That it is not.
  double log_evidence_better = 0;  ///< That it is better at all.
  bool is_worse = false;
  bool is_fine = false;
  bool is_better = false;
};

enum class RolloutMove { wait, advance, promote, roll_back };
/// "wait", "advance", "promote", "roll back".
[[nodiscard]] std::string_view to_string(RolloutMove move);

struct RolloutReport {
  std::vector<StepTotals> steps;
  std::vector<Comparison> comparisons;
  RolloutMove move = RolloutMove::wait;
  std::string reason;  ///< For the ledger; of `wait`, what is waited for.
};

/// What follows at `now` from what was counted; `losses` may be empty. Pure.
[[nodiscard]] RolloutReport judge_rollout(const Rollout& rollout, std::vector<StepTotals> steps,
                                          const StepLosses& losses, Time now);

/// The same from the files of the roll-out below `rollouts`. Errors: of its files.
[[nodiscard]] Result<RolloutReport> saved_report(const std::string& rollouts,
                                                 const Rollout& rollout, Time now);

/// As GET /rollout and `rollout --json` tell it.
[[nodiscard]] nlohmann::ordered_json rollout_json(const Rollout& rollout,
                                                  const RolloutReport& report);

}  // namespace millgate
