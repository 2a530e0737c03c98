/// How many labels of some rows are not the ones that the rows have by right.
#pragma once

#include <span>
#include <vector>

namespace millgate {

/// How rows of one labeller come to their labels.
struct LabelFlips {
  double from = 0;   ///< Share of rows that are of the class by right and labelled otherwise.
  double to = 0;     ///< Share of rows that are not and labelled with the class.
  double shift = 0;  ///< Log-odds: by so much more of its rows are of the class by right.
};

/// The most probable flips of rows that are of a class with `probabilities`, by somebody who had
/// no part in them, and were labelled with it (`has_label`) or not: expectation maximization for
/// the sensitivity and specificity of one labeller (Raykar et al. 2010, Learning from crowds), with
/// a base rate of its own: where a class is only more frequent, nothing is flipped.
///
/// Rows near the border say little, a label against a sure opinion says much. Where labels are
/// noisier than the opinion supposes, some of that noise is told as flips. Probabilities are taken
/// as 0.02 to 0.98: no model is surer than that of rows from elsewhere.
///
/// Sizes must be equal. No rows: no flips. Deterministic, thread-safe.
[[nodiscard]] LabelFlips estimate_label_flips(std::span<const double> probabilities,
                                              const std::vector<bool>& has_label);

/// `flips` with the most probable shift.
[[nodiscard]] LabelFlips with_own_shift(std::span<const double> probabilities,
                                        const std::vector<bool>& has_label, LabelFlips flips);

/// Share of all rows that `flips` makes labelled otherwise than by right.
[[nodiscard]] double flipped_share(std::span<const double> probabilities, const LabelFlips& flips);

/// Natural logarithm of the likelihood of the labels.
[[nodiscard]] double log_likelihood(std::span<const double> probabilities,
                                    const std::vector<bool>& has_label, const LabelFlips& flips);

}  // namespace millgate
