#include "model/measure/model_contest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "ground/random.h"

namespace millgate {
namespace {

struct Rows {
  std::vector<double> label, challenger, champion;

  [[nodiscard]] Result<ModelContest> contest(int resamples, uint64_t seed) const {
    RowSlice all{.name = {}, .rows = std::vector<uint32_t>(label.size())};
    std::iota(all.rows.begin(), all.rows.end(), 0U);
    MeasureOptions options;
    options.resamples = resamples;
    options.seed = seed;
    return ModelContest::hold(label, {.prediction = challenger}, {.prediction = champion}, {all},
                              options);
  }
};

/// Rows that the champion decides rightly with a probability of 0.8, and the challenger with
/// 0.8 + `advantage`; seven of ten rows are easy for both.
Rows decided_rows(size_t count, double advantage, uint64_t seed) {
  Random random(seed);
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    const double label = random.below(2) == 0 ? 0 : 1;
    const double drawn = random.uniform();
    const bool both = drawn < 0.7;
    const bool champion = both || (drawn >= 0.7 && drawn < 0.8);
    const bool challenger = both || (drawn >= 0.8 && drawn < 0.9 + advantage);
    const auto predicted = [&](bool right) { return (right ? label : 1 - label) * 0.8 + 0.1; };
    rows.label.push_back(label);
    rows.challenger.push_back(predicted(challenger));
    rows.champion.push_back(predicted(champion));
  }
  return rows;
}

/// Scores of positives lie `distance` above those of negatives, both of variance one: the AUC is
/// the distribution function of the normal at distance / sqrt(2). The scores of both models
/// correlate by one half.
Rows scored_rows(size_t count, double challenger, double champion, uint64_t seed) {
  Random random(seed);
  const auto squashed = [](double score) { return 1 / (1 + std::exp(-score)); };
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    const double label = random.below(3) == 0 ? 1 : 0;
    const double shared = random.normal();
    const auto score = [&](double distance) {
      return squashed(distance * label + std::sqrt(0.5) * (shared + random.normal()));
    };
    rows.label.push_back(label);
    rows.challenger.push_back(score(challenger));
    rows.champion.push_back(score(champion));
  }
  return rows;
}

constexpr int kReleases = 500;
constexpr double kTail = 0.05;

struct Passes {
  int count = 0;
  double power = 0;  ///< Mean of what was predicted.
};

/// How many of 500 simulated releases pass "not worse by more than `margin`" of a challenger whose
/// true advantage is `truth`.
template <typename Make>
Passes simulate(const char* metric, double truth, double margin, const Make& make) {
  Passes passes;
  for (uint64_t release = 0; release < kReleases; ++release) {
    const auto contest = make(release).contest(400, release);
    const auto advantage = contest->advantage(0, metric, kTail);
    passes.count += advantage->lower >= -margin ? 1 : 0;
    passes.power += advantage->power(truth, -margin, kTail) / kReleases;
  }
  return passes;
}

TEST(ModelContest, NullReleasesPassAtMostAsOftenAsStated) {
  // As bad as the margin allows: a pass is the error that the tail bounds. 5 % of 500 are 25.
  const Passes decided = simulate(
      "accuracy", -0.05, 0.05, [](uint64_t release) { return decided_rows(400, -0.05, release); });
  EXPECT_LE(decided.count, 25);
  EXPECT_GE(decided.count, 8) << "it refuses more than it says";
  // auc: Phi(1.2 / sqrt 2) = 0.80193, Phi(1.0 / sqrt 2) = 0.76025
  const double margin = 0.8019346 - 0.7602499;
  const Passes scored = simulate("auc", -margin, margin, [](uint64_t release) {
    return scored_rows(400, 1.0, 1.2, 10'000 + release);
  });
  EXPECT_LE(scored.count, 25);
  EXPECT_GE(scored.count, 8) << "it refuses more than it says";
  RecordProperty("passes_of_500_accuracy", decided.count);
  RecordProperty("passes_of_500_auc", scored.count);
}

TEST(ModelContest, ReleasesAsGoodAsTheChampionPassWithThePowerThatIsTold) {
  const Passes passes = simulate(
      "accuracy", 0, 0.05, [](uint64_t release) { return decided_rows(400, 0, 20'000 + release); });
  EXPECT_NEAR(static_cast<double>(passes.count) / kReleases, passes.power, 0.05);
  EXPECT_GT(passes.power, 0.5);
}

TEST(ModelContest, AdvantageIsThatOfTheMetricsWhicheverWayTheyPoint) {
  const Rows rows = decided_rows(1000, -0.1, 5);
  const auto contest = rows.contest(200, 1);
  ASSERT_TRUE(contest.ok());
  double right[2] = {0, 0};
  for (size_t i = 0; i < 1000; ++i) {
    right[0] += (rows.challenger[i] >= 0.5) == (rows.label[i] > 0.5) ? 1 : 0;
    right[1] += (rows.champion[i] >= 0.5) == (rows.label[i] > 0.5) ? 1 : 0;
  }
  const auto accuracy = contest->advantage(0, "accuracy", kTail);
  ASSERT_TRUE(accuracy.has_value());
  EXPECT_NEAR(accuracy->value, (right[0] - right[1]) / 1000, 1e-12);
  EXPECT_LT(accuracy->value, 0);
  const auto loss = contest->advantage(0, "log_loss", kTail);
  EXPECT_LT(loss->value, 0);
  EXPECT_NEAR(loss->value, loss->champion - loss->challenger, 1e-12);
  // McNemar: the variance of a paired difference of shares, (b + c - (b - c)^2 / n) / n^2.
  double only_one[2] = {0, 0};
  for (size_t i = 0; i < 1000; ++i) {
    const bool a = (rows.challenger[i] >= 0.5) == (rows.label[i] > 0.5);
    const bool b = (rows.champion[i] >= 0.5) == (rows.label[i] > 0.5);
    if (a != b) ++only_one[a ? 0 : 1];
  }
  const double difference = only_one[0] - only_one[1];
  const double variance =
      (only_one[0] + only_one[1] - difference * difference / 1000) / (1000.0 * 1000.0);
  EXPECT_NEAR(accuracy->standard_error, std::sqrt(variance), 0.15 * std::sqrt(variance));
  EXPECT_LT(accuracy->lower, accuracy->value);
  EXPECT_GT(accuracy->upper, accuracy->value);
  EXPECT_LT(contest->advantage(0, "accuracy", kTail / 10)->lower, accuracy->lower);
}

TEST(ModelContest, TheSameModelHasNoAdvantage) {
  Rows rows = decided_rows(300, 0, 6);
  rows.challenger = rows.champion;
  const auto contest = rows.contest(100, 1);
  const auto advantage = contest->advantage(0, "auc", kTail);
  EXPECT_EQ(advantage->value, 0);
  EXPECT_EQ(advantage->lower, 0);
  EXPECT_EQ(advantage->power(0, 0, kTail), 1);
  EXPECT_FALSE(contest->advantage(0, "rmse", kTail).has_value());
  EXPECT_FALSE(contest->advantage(0, "latency_ms_p99", kTail).has_value());
}

}  // namespace
}  // namespace millgate
