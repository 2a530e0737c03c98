/// Successive halving: trials that fall behind are stopped early.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace millgate {

/// Of the trials that reach a rung, about one in so many goes on.
inline constexpr int kHalvingFactor = 3;
/// Nobody is stopped at a rung before so many others are known there.
inline constexpr size_t kHalvingKnownMin = 3;
inline constexpr int kFirstRungMin = 10;

/// The rungs of trials of at most `rounds_max` rounds: rounds_max / 3, / 9, / 27, at least 10, the
/// lowest first. Empty when there is no room for one.
[[nodiscard]] std::vector<int> halving_rungs(int rounds_max);

/// Whether a trial with `loss` at a rung goes on, where `known` are the losses of others there:
/// among the best third. The stopping form of ASHA (Li et al. 2020), as in Optuna's
/// SuccessiveHalvingPruner and Ray Tune: nobody waits, and who was stopped is not taken up again.
/// NaN never goes on.
[[nodiscard]] bool goes_on(double loss, std::span<const double> known);

}  // namespace millgate
