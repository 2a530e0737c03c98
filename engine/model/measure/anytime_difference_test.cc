#include "model/measure/anytime_difference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ground/random.h"

namespace millgate {
namespace {

double beta_density(double p) { return 1 / (M_PI * std::sqrt(p * (1 - p))); }

double likelihood(const ArmTotal& arm, double p) {
  return std::pow(p, arm.sum) * std::pow(1 - p, static_cast<double>(arm.count) - arm.sum);
}

/// The mixture by quadrature, p = sin^2 t taking the poles of the density away.
double mixture(const ArmTotal& arm) {
  constexpr int kSteps = 20'000;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double t = (i + 0.5) / kSteps * M_PI / 2;
    const double p = std::sin(t) * std::sin(t);
    sum += likelihood(arm, p) * beta_density(p) * 2 * std::sin(t) * std::cos(t);
  }
  return sum * M_PI / 2 / kSteps;
}

/// The greatest likelihood over a grid of both means, of those that `is_allowed`.
template <typename IsAllowed>
double best_on_grid(const ArmPair& pair, const IsAllowed& is_allowed) {
  constexpr int kSteps = 500;
  double best = 0;
  for (int i = 0; i <= kSteps; ++i) {
    for (int j = 0; j <= kSteps; ++j) {
      if (!is_allowed(j - i)) continue;
      best = std::max(best, likelihood(pair.base, static_cast<double>(i) / kSteps) *
                                likelihood(pair.other, static_cast<double>(j) / kSteps));
    }
  }
  return best;
}

TEST(AnytimeDifference, EvidenceIsThatOfQuadratureAndAGrid) {
  const std::vector<ArmPair> pairs = {
      {{30, 3}, {20, 9}}, {{30, 9}, {20, 3}},      {{10, 0}, {12, 0}}, {{10, 10}, {7, 0}},
      {{8, 0}, {9, 9}},   {{25, 4.5}, {13, 8.25}}, {{1, 0}, {1, 1}}};
  for (const ArmPair& pair : pairs) {
    for (const int margin : {-100, 0, 150}) {
      const double mixed = mixture(pair.base) * mixture(pair.other);
      const double above = mixed / best_on_grid(pair, [&](int apart) { return apart <= margin; });
      const double below = mixed / best_on_grid(pair, [&](int apart) { return apart >= margin; });
      const std::vector<ArmPair> one = {pair};
      EXPECT_NEAR(log_evidence_above(one, margin / 500.0), std::log(above), 1e-3)
          << pair.base.sum << " " << pair.other.sum << " " << margin;
      EXPECT_NEAR(log_evidence_below(one, margin / 500.0), std::log(below), 1e-3)
          << pair.base.sum << " " << pair.other.sum << " " << margin;
    }
  }
}

TEST(AnytimeDifference, BordersAreWhereTheEvidenceOfTheGridPassesTheLimit) {
  const std::vector<ArmPair> pairs = {{{40, 4}, {30, 9}}};
  const double mixed = mixture(pairs[0].base) * mixture(pairs[0].other);
  double lower = 1;
  double upper = -1;
  for (int apart = -500; apart <= 500; ++apart) {
    const double best = best_on_grid(pairs[0], [&](int other) { return other == apart; });
    if (best > 0 && mixed / best < 20) {
      lower = std::min(lower, apart / 500.0);
      upper = std::max(upper, apart / 500.0);
    }
  }
  const AnytimeDifference found = anytime_difference(pairs, 0.05);
  EXPECT_NEAR(found.lower, lower, 0.003);
  EXPECT_NEAR(found.upper, upper, 0.003);
  EXPECT_NEAR(found.estimate, 0.2, 1e-6);
}

TEST(AnytimeDifference, KnowsNothingWithoutBothArms) {
  const std::vector<ArmPair> one_arm = {{{100, 50}, {0, 0}}};
  EXPECT_LE(log_evidence_above(one_arm, -0.4), 0);
  EXPECT_LE(log_evidence_below(one_arm, 0.4), 0);
  EXPECT_EQ(log_evidence_above({}, 0), 0);
  const AnytimeDifference found = anytime_difference(one_arm, 0.05);
  EXPECT_EQ(found.lower, -1);
  EXPECT_EQ(found.upper, 1);
}

/// One experiment: a draw for one of the arms, by a share that changes on the way, and a look after
/// every draw. Whether any look found `other` worse.
bool ever_above(Random random, double base, double other, double margin, int draws) {
  std::vector<ArmPair> pairs(1);
  for (int i = 0; i < draws; ++i) {
    if (i == draws / 4) pairs.emplace_back();
    const double share = i < draws / 4 ? 0.1 : 0.5;
    const bool is_other = random.uniform() < share;
    ArmTotal& arm = is_other ? pairs.back().other : pairs.back().base;
    ++arm.count;
    arm.sum += random.uniform() < (is_other ? other : base) ? 1 : 0;
    if (log_evidence_above(pairs, margin) >= std::log(20.0)) return true;
  }
  return false;
}

/// What a usual test at 5 % does when looked at after every draw: the pooled z test of two shares.
bool z_ever_above(Random random, double rate, int draws) {
  ArmTotal arms[2];
  for (int i = 0; i < draws; ++i) {
    ArmTotal& arm = arms[random.uniform() < 0.5 ? 1 : 0];
    ++arm.count;
    arm.sum += random.uniform() < rate ? 1 : 0;
    if (arms[0].count < 20 || arms[1].count < 20) continue;
    const auto all = static_cast<double>(arms[0].count + arms[1].count);
    const double pooled = (arms[0].sum + arms[1].sum) / all;
    const double error = std::sqrt(
        pooled * (1 - pooled) *
        (1 / static_cast<double>(arms[0].count) + 1 / static_cast<double>(arms[1].count)));
    if (error > 0 && (arms[1].mean() - arms[0].mean()) / error > 1.645) return true;
  }
  return false;
}

TEST(AnytimeDifference, LookedAtAfterEveryDrawItErrsAtMostAlpha) {
  constexpr int kRuns = 400;
  constexpr int kDraws = 600;
  int wrong = 0;
  int wrong_at_margin = 0;
  int wrong_usual = 0;
  int right = 0;
  for (uint64_t run = 0; run < kRuns; ++run) {
    wrong += ever_above(Random::stream(1, "null", run), 0.1, 0.1, 0, kDraws);
    wrong_at_margin += ever_above(Random::stream(2, "margin", run), 0.05, 0.1, 0.05, kDraws);
    wrong_usual += z_ever_above(Random::stream(3, "usual", run), 0.1, kDraws);
    right += ever_above(Random::stream(4, "worse", run), 0.05, 0.4, 0.05, kDraws);
  }
  // 5 % of 400 is 20; the 99.9 % quantile of that binomial is 34.
  EXPECT_LE(wrong, 34);
  EXPECT_LE(wrong_at_margin, 34);
  EXPECT_GE(right, kRuns * 95 / 100);
  // The simulation can tell: what may not be looked at often is caught at it.
  EXPECT_GE(wrong_usual, kRuns * 15 / 100);
  RecordProperty("wrong", wrong);
  RecordProperty("wrong_at_margin", wrong_at_margin);
  RecordProperty("wrong_usual", wrong_usual);
  RecordProperty("right", right);
}

TEST(AnytimeDifference, TheSequenceHoldsTheTruthAtAllLooks) {
  constexpr int kRuns = 200;
  int missed = 0;
  for (uint64_t run = 0; run < kRuns; ++run) {
    Random random = Random::stream(5, "cover", run);
    std::vector<ArmPair> pairs(1);
    bool held = true;
    for (int i = 1; i <= 1'000; ++i) {
      ArmTotal& arm = random.uniform() < 0.3 ? pairs[0].other : pairs[0].base;
      ++arm.count;
      // A loss between 0 and 1, not only 0 and 1: means 1/3 and 1/2.
      const double value = random.uniform();
      arm.sum += &arm == &pairs[0].other ? value : value * value;
      if (i % 100 != 0) continue;
      const AnytimeDifference found = anytime_difference(pairs, 0.05);
      held = held && found.lower <= 1.0 / 6 && 1.0 / 6 <= found.upper;
    }
    missed += held ? 0 : 1;
  }
  EXPECT_LE(missed, 20);  // 10 are 5 %
}

TEST(AnytimeDifference, ADayThatIsBadForBothIsNoDifference) {
  // At 1 % on a good day, at 50 % on a bad one: pooled, `other` looks three times as bad.
  const std::vector<ArmPair> apart = {{{9'900, 99}, {100, 1}}, {{5'000, 500}, {5'000, 500}}};
  const std::vector<ArmPair> pooled = {{{14'900, 599}, {5'100, 501}}};
  EXPECT_LT(log_evidence_above(apart, 0), 0);
  EXPECT_GT(log_evidence_above(pooled, 0), std::log(1e6));
}

}  // namespace
}  // namespace millgate
