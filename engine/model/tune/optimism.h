/// How much the best of many trials flatters itself.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "model/tune/trial.h"

namespace millgate {

struct Optimism {
  double expected = 0;  ///< What the winner may be expected to measure on other rows.
  double optimism = 0;  ///< How much better its own value looks; positive is too good.
  int resamples = 0;
};

/// Whoever takes the best of many noisy values takes the luck with it. Estimated as in BBC-CV
/// (Tsamardinos, Greasidou and Borboudakis, "Bootstrapping the out-of-sample predictions for
/// efficient and accurate cross-validation", Machine Learning 107, 2018): on each bootstrap
/// resample of the rows the best trial is chosen anew, and measured on the rows that the resample
/// left out. Here the winner's own value on those rows is subtracted, which leaves the mean and
/// takes away the noise that both share.
///
/// It counts the choice among trials, not that the rows also chose the rounds of each; the test
/// rows, which no trial sees, count both.
///
/// Nothing without a complete trial or without resamples. `winner` is an index into `trials`.
[[nodiscard]] std::optional<Optimism> optimism_of(std::span<const Trial> trials, size_t winner,
                                                  bool higher_is_better);

}  // namespace millgate
