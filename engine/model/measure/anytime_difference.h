/// Whether one of two arms of an experiment is worse, looked at as often as one likes.
///
/// A usual test is right at one look that was chosen before; looked at after each answer it finds a
/// difference sooner or later where there is none. What is here may be looked at at any time, and
/// stopped at because of what was seen: over all looks together it errs at most `alpha` of the
/// time.
///
/// Of each arm only the mean of values between 0 and 1 counts: of errors, of slow answers, of a
/// bounded loss. For a mean p, the Beta(1/2, 1/2) mixture of likelihoods over the likelihood at p
/// is a test martingale for values of 0 and 1 (Robbins 1970, "Statistical methods related to the
/// law of the iterated logarithm"), and a supermartingale for all between, since the ratio is
/// convex in the value (Howard, Ramdas, McAuliffe, Sekhon 2021, "Time-uniform, nonparametric,
/// nonasymptotic confidence sequences", sub-Bernoulli case). The product over the arms, at its
/// lowest over a hypothesis, is an e-process for it (Ramdas, Grünwald, Vovk, Shafer 2023,
/// "Game-theoretic statistics and safe anytime-valid inference"), and passes 1/alpha with at most
/// the probability alpha (Ville). Nothing is asymptotic, and arms may get answers in any ratio,
/// decided on the way.
#pragma once

#include <cstdint>
#include <span>

namespace millgate {

/// What one arm gave: so many values, each between 0 and 1, and their sum.
struct ArmTotal {
  int64_t count = 0;
  double sum = 0;
  /// 0 without values.
  [[nodiscard]] double mean() const;
};

/// Two arms at the same time. When the ratio of their traffic changes a new one is begun: what
/// happens to both by day or by load must not be taken for a difference between them.
struct ArmPair {
  ArmTotal base;
  ArmTotal other;
};

/// Logarithm of the evidence against "the mean of `other` is at most `margin` above that of `base`,
/// in every pair". Never NaN; 0 without values.
[[nodiscard]] double log_evidence_above(std::span<const ArmPair> pairs, double margin);
/// The same against "it is at least `margin` above".
[[nodiscard]] double log_evidence_below(std::span<const ArmPair> pairs, double margin);

/// Mean of `other` less that of `base`.
struct AnytimeDifference {
  double lower = -1;
  double estimate = 0;
  double upper = 1;
};
/// A confidence sequence of level 1 - `alpha` for a difference that is the same in all pairs: with
/// that probability it holds the truth at all looks together. `estimate` is the most likely one.
[[nodiscard]] AnytimeDifference anytime_difference(std::span<const ArmPair> pairs, double alpha);

}  // namespace millgate
