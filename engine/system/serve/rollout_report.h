/// How a roll-out stands, and what follows from it.
///
/// Rates of errors, of slow answers, the mean loss of labelled predictions and what predictions
/// earned are held against those of the champion by tests that may be looked at at any time
/// (anytime_difference.h). Each asks: is the challenger worse by more than the margin of the plan?
/// Yes takes it back, no in all of them lets it through, and until either is found it goes on. An
/// error in either direction has at most the probability `alpha` of the plan, over all looks and
/// measures together.
///
/// The share of a bandit follows the probability that its challenger is better (Thompson 1933, "On
/// the likelihood that one unknown probability exceeds another"), so that fewer get the worse
/// model; what is shown, and what follows, is the same.
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

/// Values between 0 and 1 of answers, one entry a step.
using StepSums = std::vector<ArmPair>;

/// What came back for the answers of a roll-out (rollout_outcomes.h).
struct StepOutcomes {
  StepSums losses;
  StepSums shortfalls;  ///< Of earnings below the cap of the plan.
};

/// One thing that is compared.
struct Comparison {
  std::string name;   ///< "error_rate", "slow_rate", "mean_loss", "mean_earned".
  double margin = 0;  ///< So much worse is tolerated.
  ArmTotal champion;  ///< Of all steps together: what is compared, between 0 and 1.
  ArmTotal challenger;
  double champion_mean = 0;  ///< As it is told: of "mean_earned" in money, as the rest then is.
  double challenger_mean = 0;
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
  double share = 0;    ///< Of `advance` in a bandit: the percentage that it goes to.
  std::string reason;  ///< For the ledger; of `wait`, what is waited for.
};

/// What follows at `now` from what was counted; `outcomes` may be empty. Pure.
[[nodiscard]] RolloutReport judge_rollout(const Rollout& rollout, std::vector<StepTotals> steps,
                                          const StepOutcomes& outcomes, Time now);

/// The same from the files of the roll-out below `rollouts`. Errors: of its files.
[[nodiscard]] Result<RolloutReport> saved_report(const std::string& rollouts,
                                                 const Rollout& rollout, Time now);

/// As GET /rollout and `rollout --json` tell it.
[[nodiscard]] nlohmann::ordered_json rollout_json(const Rollout& rollout,
                                                  const RolloutReport& report);

}  // namespace millgate
