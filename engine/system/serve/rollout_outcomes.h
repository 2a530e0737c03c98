/// What became of the answers of a roll-out: the prediction log joined with what came back.
#pragma once

#include <array>
#include <span>
#include <string>

#include "ground/clock.h"
#include "ground/error.h"
#include "model/release/rollout.h"
#include "system/serve/rollout_report.h"

namespace millgate {

/// Folders of rows. Formats: docs/formats/prediction-log.md.
struct OutcomePlaces {
  std::string predictions;
  std::string shadow;  ///< What challengers answered unseen.
  std::string feedback;
  std::string outcomes;
};

/// Of models of several classes what they tell apart; else empty.
using ClassesByArm = std::array<std::span<const std::string>, kArmCount>;

/// Losses and earnings of the answers that took part in `rollout`, by step and model.
///
/// A loss lies between 0 and 1: the squared difference between probability and label (Brier), of
/// several classes half the sum of them over all classes (Brier 1950), or, where the plan has a
/// `loss_cap`, the absolute miss of a regression, at most the cap, as a share of it. An answer
/// counts with its first label, so that nothing that was counted changes later.
///
/// Earnings count where the plan has an `earned_cap`: of each answer that is older at `now` than
/// `earned_within`, whether something was told of it or not (then it earned nothing), what was told
/// last within that time; bounded by floor and cap, as a shortfall: 0 at the cap, 1 at the floor.
/// What is told later changes nothing.
///
/// In shadow the champion's losses count where the challenger's answer to the same request is there
/// as well. Errors: `outside`, `damaged` of a file.
[[nodiscard]] Result<StepOutcomes> rollout_outcomes(const OutcomePlaces& rows,
                                                    const Rollout& rollout,
                                                    const ClassesByArm& classes, Time now);

/// In the folder of a roll-out, for who only reads. Nothing saved: no entries.
[[nodiscard]] Result<StepOutcomes> saved_outcomes(const std::string& folder, size_t steps);
[[nodiscard]] Status save_outcomes(const std::string& folder, const StepOutcomes& outcomes);

}  // namespace millgate
