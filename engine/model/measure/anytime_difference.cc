#include "model/measure/anytime_difference.h"

#include <algorithm>
#include <cmath>

namespace millgate {

namespace {

constexpr double kPrior = 0.5;
/// Halvings of an interval of length 2: past the last digit of a double near 1.
constexpr int kHalvings = 60;

double misses(const ArmTotal& arm) {
  return std::max(0.0, static_cast<double>(arm.count) - arm.sum);
}

/// `weight` * log(p), where nothing weighs nothing.
double weighted_log(double weight, double p) { return weight > 0 ? weight * std::log(p) : 0; }

double log_likelihood(const ArmTotal& arm, double p) {
  return weighted_log(arm.sum, p) + weighted_log(misses(arm), 1 - p);
}

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

/// Of all means, weighted by the prior.
double log_mixture(const ArmTotal& arm) {
  return log_beta(kPrior + arm.sum, kPrior + misses(arm)) - log_beta(kPrior, kPrior);
}

double slope(const ArmTotal& arm, double p) {
  const double up = arm.sum > 0 ? arm.sum / p : 0;
  const double down = misses(arm) > 0 ? misses(arm) / (1 - p) : 0;
  return up - down;
}

/// The greatest likelihood of means that are `difference` apart. Concave along that line, so its
/// slope is halved towards 0.
double log_likelihood_apart(const ArmPair& pair, double difference) {
  double low = std::max(0.0, -difference);
  double high = std::min(1.0, 1 - difference);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    const double rises = slope(pair.base, middle) + slope(pair.other, middle + difference);
    (rises > 0 ? low : high) = middle;
  }
  // Either end may lie where one side has no likelihood at all.
  const auto at = [&](double p) {
    return log_likelihood(pair.base, p) + log_likelihood(pair.other, p + difference);
  };
  return std::max({at(low), at((low + high) / 2), at(high)});
}

double log_mixtures(const ArmPair& pair) {
  return log_mixture(pair.base) + log_mixture(pair.other);
}

/// The greatest likelihood of any means.
double log_likelihood_best(const ArmPair& pair) {
  return log_likelihood(pair.base, pair.base.mean()) +
         log_likelihood(pair.other, pair.other.mean());
}

/// Against means that are `difference` apart in every pair.
double log_evidence_apart(std::span<const ArmPair> pairs, double difference) {
  double sum = 0;
  for (const ArmPair& pair : pairs) {
    sum += log_mixtures(pair) - log_likelihood_apart(pair, difference);
  }
  return sum;
}

/// `is_allowed` tells whether a difference belongs to the hypothesis that ends at `margin`.
template <typename IsAllowed>
double log_evidence(std::span<const ArmPair> pairs, double margin, const IsAllowed& is_allowed) {
  double sum = 0;
  for (const ArmPair& pair : pairs) {
    const bool is_inside = is_allowed(pair.other.mean() - pair.base.mean()) ||
                           pair.base.count == 0 || pair.other.count == 0;
    sum += log_mixtures(pair) -
           (is_inside ? log_likelihood_best(pair) : log_likelihood_apart(pair, margin));
  }
  return sum;
}

/// The difference against which there is least evidence, which is convex in it.
double most_likely(std::span<const ArmPair> pairs) {
  double low = -1;
  double high = 1;
  for (int i = 0; i < 2 * kHalvings; ++i) {
    const double third = (high - low) / 3;
    const bool is_left =
        log_evidence_apart(pairs, low + third) < log_evidence_apart(pairs, high - third);
    (is_left ? high : low) = is_left ? high - third : low + third;
  }
  // The top is flat: what is left of a difference there is noise.
  constexpr double kNoise = 1e-9;
  const double middle = (low + high) / 2;
  return std::abs(middle) < kNoise ? 0 : middle;
}

/// Between `inside`, which is in the sequence, and `end` of what can be: where it is left.
double border(std::span<const ArmPair> pairs, double inside, double end, double log_limit) {
  if (log_evidence_apart(pairs, end) < log_limit) return end;
  double out = end;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (inside + out) / 2;
    (log_evidence_apart(pairs, middle) < log_limit ? inside : out) = middle;
  }
  return out;
}

}  // namespace

double ArmTotal::mean() const {
  return count > 0 ? std::clamp(sum / static_cast<double>(count), 0.0, 1.0) : 0;
}

double log_evidence_above(std::span<const ArmPair> pairs, double margin) {
  return log_evidence(pairs, margin, [&](double difference) { return difference <= margin; });
}

double log_evidence_below(std::span<const ArmPair> pairs, double margin) {
  return log_evidence(pairs, margin, [&](double difference) { return difference >= margin; });
}

AnytimeDifference anytime_difference(std::span<const ArmPair> pairs, double alpha) {
  const bool says_nothing = std::none_of(pairs.begin(), pairs.end(), [](const ArmPair& pair) {
    return pair.base.count > 0 && pair.other.count > 0;
  });
  if (says_nothing) return {};
  const double log_limit = -std::log(alpha);
  AnytimeDifference found;
  found.estimate = most_likely(pairs);
  found.lower = border(pairs, found.estimate, -1, log_limit);
  found.upper = border(pairs, found.estimate, 1, log_limit);
  return found;
}

}  // namespace millgate
