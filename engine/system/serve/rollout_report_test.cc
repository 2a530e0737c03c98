#include "system/serve/rollout_report.h"

#include <gmock/gmock.h>

#include <random>

#include "ground/json.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;

Rollout rollout_at(size_t step, RolloutMode mode = RolloutMode::canary) {
  Rollout rollout;
  rollout.plan.mode = mode;
  rollout.plan.shares =
      mode == RolloutMode::canary ? std::vector<double>{10, 50} : std::vector<double>{50};
  rollout.plan.hold_micros = 60 * kSecond;
  rollout.plan.answers_min = 100;
  rollout.since = Time{kSecond};
  for (size_t i = 0; i <= step; ++i) rollout.step_times.push_back(rollout.since);
  rollout.step = step;
  rollout.shares = rollout.plan.shares;
  return rollout;
}

StepTotals step(int64_t champion, int64_t champion_errors, int64_t challenger,
                int64_t challenger_errors) {
  StepTotals totals;
  totals.answers = {champion, challenger};
  totals.errors = {champion_errors, challenger_errors};
  return totals;
}

Time after(int64_t seconds) { return Time{kSecond + seconds * kSecond}; }

RolloutReport judged(const Rollout& rollout, std::vector<StepTotals> steps, int64_t seconds,
                     const StepSums& losses = {}, const StepSums& shortfalls = {}) {
  steps.resize(rollout.steps_max());
  return judge_rollout(rollout, std::move(steps), {.losses = losses, .shortfalls = shortfalls},
                       after(seconds));
}

TEST(RolloutReport, WaitsForAnswersAndTime) {
  const Rollout rollout = rollout_at(0);
  EXPECT_EQ(judged(rollout, {step(900, 0, 99, 0)}, 100).move, RolloutMove::wait);
  EXPECT_THAT(judged(rollout, {step(900, 0, 99, 0)}, 100).reason, HasSubstr("99 of 100 answers"));
  EXPECT_EQ(judged(rollout, {step(900, 0, 100, 0)}, 59).move, RolloutMove::wait);
  EXPECT_EQ(judged(rollout, {step(900, 0, 100, 0)}, 60).move, RolloutMove::advance);
}

TEST(RolloutReport, HarmIsSeenBeforeAnythingElse) {
  const RolloutReport found = judged(rollout_at(0), {step(900, 1, 60, 20)}, 1);
  EXPECT_EQ(found.move, RolloutMove::roll_back);
  EXPECT_THAT(found.reason, HasSubstr("worse: error_rate 0.3333 of 60 answers, 0.001111 of 900"));
  StepTotals slow = step(900, 0, 60, 0);
  slow.slow = {0, 30};
  EXPECT_THAT(judged(rollout_at(0), {slow}, 1).reason, HasSubstr("worse: slow_rate"));
  // A bad day of both is none of the challenger's harm.
  EXPECT_EQ(judged(rollout_at(0), {step(900, 450, 60, 30)}, 1).move, RolloutMove::wait);
}

TEST(RolloutReport, IsPromotedOnlyWhenShownToBeNoWorse) {
  const Rollout rollout = rollout_at(1);
  const RolloutReport early = judged(rollout, {step(0, 0, 0, 0), step(300, 0, 300, 0)}, 100);
  EXPECT_EQ(early.move, RolloutMove::wait);
  EXPECT_THAT(early.reason, HasSubstr("not shown yet: error_rate"));
  EXPECT_EQ(judged(rollout, {step(0, 0, 0, 0), step(5'000, 5, 5'000, 5)}, 100).move,
            RolloutMove::promote);
}

TEST(RolloutReport, LabelsThatAreAskedForMustCome) {
  Rollout rollout = rollout_at(1);
  rollout.plan.labels_min = 1'000;
  const std::vector<StepTotals> steps = {step(0, 0, 0, 0), step(5'000, 5, 5'000, 5)};
  EXPECT_THAT(judged(rollout, steps, 100).reason, HasSubstr("0 of 1000 labels"));
  const StepSums equal = {{}, {{20'000, 4'000}, {20'000, 4'000}}};
  rollout.plan.loss_margin = 0.05;
  EXPECT_EQ(judged(rollout, steps, 100, equal).move, RolloutMove::promote);
  const StepSums worse = {{}, {{20'000, 4'000}, {20'000, 8'000}}};
  EXPECT_EQ(judged(rollout, steps, 100, worse).move, RolloutMove::roll_back);
}

TEST(RolloutReport, AnExperimentIsWonByALowerLoss) {
  const Rollout rollout = rollout_at(0, RolloutMode::ab);
  const std::vector<StepTotals> steps = {step(5'000, 5, 5'000, 5)};
  const StepSums equal = {{{5'000, 1'000}, {5'000, 1'000}}};
  const StepSums better = {{{5'000, 1'000}, {5'000, 700}}};
  EXPECT_EQ(judged(rollout, steps, 100).move, RolloutMove::wait);
  EXPECT_EQ(judged(rollout, steps, 100, equal).move, RolloutMove::wait);
  EXPECT_EQ(judged(rollout, steps, 100, better).move, RolloutMove::promote);
}

/// So much was earned by each of `count` answers in the mean, as shortfalls below `cap`; from -5.
ArmTotal earning(int64_t count, double mean, double cap) {
  return {count, static_cast<double>(count) * (cap - mean) / (cap + 5)};
}

TEST(RolloutReport, WhoEarnsLessIsTakenBackAndWhoEarnsAsMuchGoesOn) {
  Rollout rollout = rollout_at(1);
  rollout.plan.earned_cap = 100;
  rollout.plan.earned_floor = -5;
  rollout.plan.earned_margin = 5;
  const std::vector<StepTotals> steps = {step(0, 0, 0, 0), step(9'000, 5, 9'000, 5)};
  const auto with = [&](double champion, double challenger, int64_t count) {
    return judged(rollout, steps, 100, {},
                  {{}, {earning(count, champion, 100), earning(count, challenger, 100)}});
  };
  EXPECT_THAT(with(20, 20, 0).reason, HasSubstr("no worse is not shown yet: mean_earned"));
  EXPECT_EQ(with(20, 19, 20'000).move, RolloutMove::promote);
  EXPECT_EQ(with(20, 15, 20'000).move, RolloutMove::wait) << "that is the margin";
  const RolloutReport worse = with(20, 8, 20'000);
  EXPECT_EQ(worse.move, RolloutMove::roll_back);
  EXPECT_THAT(worse.reason, HasSubstr("worse: mean_earned 8 of 20000 answers, 20 of 20000 of the "
                                      "champion; difference -12 ["));
  const Comparison& told = worse.comparisons.back();
  EXPECT_EQ(told.name, "mean_earned");
  EXPECT_NEAR(told.champion_mean, 20, 1e-9);
  EXPECT_NEAR(told.challenger_mean, 8, 1e-9);
  EXPECT_NEAR(told.difference.estimate, -12, 1e-4);
  EXPECT_LT(told.difference.lower, -12);
  EXPECT_GT(told.difference.upper, -12);
  EXPECT_LT(told.difference.upper, -told.margin) << "as sure as the evidence is";
  EXPECT_EQ(told.margin, 5);
}

TEST(RolloutReport, AnExperimentWithEarningsIsWonByThem) {
  Rollout rollout = rollout_at(0, RolloutMode::ab);
  rollout.plan.earned_cap = 10;
  rollout.plan.earned_floor = -5;
  rollout.plan.earned_margin = 1;
  const std::vector<StepTotals> steps = {step(9'000, 5, 9'000, 5)};
  const StepSums lower_loss = {{{5'000, 1'000}, {5'000, 700}}};
  const StepSums equal = {{earning(9'000, 3, 10), earning(9'000, 3, 10)}};
  const StepSums more = {{earning(9'000, 3, 10), earning(9'000, 5, 10)}};
  EXPECT_THAT(judged(rollout, steps, 100, lower_loss, equal).reason,
              HasSubstr("better is not shown yet: mean_earned"));
  EXPECT_EQ(judged(rollout, steps, 100, {}, more).move, RolloutMove::promote);
}

/// Labels that come as they do in a bandit: its share decides who answers.
struct SimulatedBandit {
  Rollout rollout = rollout_at(0, RolloutMode::bandit);
  StepSums losses = StepSums(kBanditStepsMax);
  std::vector<StepTotals> steps = std::vector<StepTotals>(kBanditStepsMax);
  int64_t challenged = 0;

  explicit SimulatedBandit(double share) {
    rollout.plan.shares = {share};
    rollout.shares = {share};
    rollout.plan.answers_min = 20;
    rollout.plan.hold_micros = 0;
    rollout.plan.loss_margin = 0.3;
  }

  RolloutMove run(double champion, double challenger, int answers, std::mt19937& random) {
    std::uniform_real_distribution<double> even(0, 1);
    for (int i = 1; i <= answers; ++i) {
      const bool is_challenger = even(random) * 100 < rollout.share();
      const double loss = even(random) < (is_challenger ? challenger : champion) ? 1 : 0;
      const Arm arm = is_challenger ? Arm::challenger : Arm::champion;
      ArmTotal& total = is_challenger ? losses[rollout.step].other : losses[rollout.step].base;
      ++total.count;
      total.sum += loss;
      ++steps[rollout.step].answers[index_of(arm)];
      challenged += is_challenger ? 1 : 0;
      if (i % 100 != 0) continue;
      const RolloutReport report = judged(rollout, steps, i, losses);
      if (report.move == RolloutMove::promote || report.move == RolloutMove::roll_back) {
        return report.move;
      }
      if (report.move != RolloutMove::advance) continue;
      EXPECT_THAT(report.reason, HasSubstr("it is better with a probability of about"));
      rollout.shares.push_back(report.share);
      rollout.step_times.push_back(after(i));
      ++rollout.step;
    }
    return RolloutMove::wait;
  }
};

TEST(RolloutReport, TheShareOfABanditFollowsWhatIsKnown) {
  std::mt19937 random(7);
  SimulatedBandit good(10);
  EXPECT_EQ(good.run(0.4, 0.3, 20'000, random), RolloutMove::promote);
  EXPECT_GE(good.rollout.share(), 80);
  SimulatedBandit bad(10);
  bad.rollout.plan.error_margin = 0;  // It is never promoted, and seldom rolled back.
  EXPECT_EQ(bad.run(0.3, 0.4, 20'000, random), RolloutMove::wait);
  EXPECT_EQ(bad.rollout.share(), 10) << "it keeps what it began with";
  EXPECT_LT(bad.challenged, 2'400) << "one in ten, and a few in the beginning";
  // What is not told moves nothing.
  SimulatedBandit dark(10);
  dark.steps[0].answers = {9'000, 1'000};
  EXPECT_EQ(judged(dark.rollout, dark.steps, 100, dark.losses).move, RolloutMove::wait);
}

TEST(RolloutReport, ABanditThatIsNoBetterIsSeldomPromoted) {
  std::mt19937 random(11);
  int promoted = 0;
  constexpr int kRuns = 200;
  for (int run = 0; run < kRuns; ++run) {
    SimulatedBandit same(10);
    promoted += same.run(0.3, 0.3, 2'000, random) == RolloutMove::promote ? 1 : 0;
  }
  // With alpha 0.05 at most 10 are expected; three standard deviations more are 19.
  EXPECT_LE(promoted, 19);
}

TEST(RolloutReport, AShadowIsNeverPromotedAndEndsInItsTime) {
  Rollout rollout = rollout_at(0, RolloutMode::shadow);
  EXPECT_EQ(judged(rollout, {step(9'000, 0, 9'000, 0)}, 1'000).move, RolloutMove::wait);
  rollout.plan.give_up_micros = 500 * kSecond;
  const RolloutReport ended = judged(rollout, {step(9'000, 0, 9'000, 0)}, 500);
  EXPECT_EQ(ended.move, RolloutMove::roll_back);
  EXPECT_THAT(ended.reason, HasSubstr("its time is over: error_rate"));
}

TEST(RolloutReport, AnOverrideThatEndsTakesItsModelBack) {
  Rollout rollout = rollout_at(0);
  rollout.let_in = Override{"grace", "a trial", after(30)};
  EXPECT_EQ(judged(rollout, {step(900, 0, 10, 0)}, 29).move, RolloutMove::wait);
  EXPECT_EQ(judged(rollout, {step(900, 0, 10, 0)}, 30).move, RolloutMove::roll_back);
}

TEST(RolloutReport, JsonHasNoNumberThatIsNone) {
  const Rollout rollout = rollout_at(0);
  const Json json = rollout_json(rollout, judged(rollout, {step(900, 0, 0, 0)}, 10));
  EXPECT_EQ(json["next"]["move"], "wait");
  EXPECT_EQ(json["comparisons"][0]["lower"], -1);
  EXPECT_EQ(dump_json(json).find("null"), std::string::npos);
}

}  // namespace
}  // namespace millgate
