#include "model/measure/label_flips.h"

#include <algorithm>
#include <cmath>

namespace millgate {

namespace {

constexpr double kSurest = 0.02;
constexpr int kRoundsMax = 2'000;
constexpr double kStepMin = 1e-7;
/// Further apart, base rates say that it is another class.
constexpr double kShiftMax = 5;

/// By right, with the base rate of `flips`.
double of_class_by_right(double probability, const LabelFlips& flips) {
  const double p = std::clamp(probability, kSurest, 1 - kSurest);
  const double odds = p / (1 - p) * std::exp(flips.shift);
  return odds / (1 + odds);
}

double labelled_with(double by_right, const LabelFlips& flips) {
  return by_right * (1 - flips.from) + (1 - by_right) * flips.to;
}

/// What one look at all rows gives: expectations, and the slope for the shift.
struct Expected {
  double of_class = 0, lost = 0, others = 0, won = 0;
  double slope = 0, curve = 0;
};

Expected expect(std::span<const double> probabilities, const std::vector<bool>& has_label,
                const LabelFlips& flips) {
  Expected all;
  for (size_t row = 0; row < probabilities.size(); ++row) {
    const double p = of_class_by_right(probabilities[row], flips);
    const double labelled = labelled_with(p, flips);
    const double by_right =
        has_label[row] ? p * (1 - flips.from) / labelled : p * flips.from / (1 - labelled);
    all.of_class += by_right;
    all.others += 1 - by_right;
    if (has_label[row]) {
      all.won += 1 - by_right;
    } else {
      all.lost += by_right;
    }
    all.slope += by_right - p;
    all.curve += p * (1 - p);
  }
  return all;
}

/// Climbs until it is level; a Newton step for the shift with every look.
LabelFlips climb(std::span<const double> probabilities, const std::vector<bool>& has_label,
                 LabelFlips flips, bool learns_flips) {
  for (int round = 0; round < kRoundsMax && !probabilities.empty(); ++round) {
    const Expected all = expect(probabilities, has_label, flips);
    LabelFlips next = flips;
    if (learns_flips) {
      next.from = all.lost / all.of_class;
      next.to = all.won / all.others;
    }
    next.shift = std::clamp(flips.shift + all.slope / all.curve, -kShiftMax, kShiftMax);
    const double step = std::abs(next.from - flips.from) + std::abs(next.to - flips.to) +
                        std::abs(next.shift - flips.shift);
    flips = next;
    if (step < kStepMin) break;
  }
  return flips;
}

}  // namespace

LabelFlips estimate_label_flips(std::span<const double> probabilities,
                                const std::vector<bool>& has_label) {
  if (probabilities.empty()) return {};
  // From zero nothing could be learned: no label could be flipped.
  return climb(probabilities, has_label, {.from = 0.1, .to = 0.1}, true);
}

LabelFlips with_own_shift(std::span<const double> probabilities, const std::vector<bool>& has_label,
                          LabelFlips flips) {
  return climb(probabilities, has_label, flips, false);
}

double flipped_share(std::span<const double> probabilities, const LabelFlips& flips) {
  double share = 0;
  for (const double probability : probabilities) {
    const double p = of_class_by_right(probability, flips);
    share += p * flips.from + (1 - p) * flips.to;
  }
  return probabilities.empty() ? 0 : share / static_cast<double>(probabilities.size());
}

double log_likelihood(std::span<const double> probabilities, const std::vector<bool>& has_label,
                      const LabelFlips& flips) {
  double sum = 0;
  for (size_t row = 0; row < probabilities.size(); ++row) {
    const double labelled = labelled_with(of_class_by_right(probabilities[row], flips), flips);
    sum += std::log(has_label[row] ? labelled : 1 - labelled);
  }
  return sum;
}

}  // namespace millgate
