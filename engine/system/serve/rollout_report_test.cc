#include "system/serve/rollout_report.h"

#include <gmock/gmock.h>

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
                     const StepLosses& losses = {}) {
  steps.resize(rollout.plan.shares.size());
  return judge_rollout(rollout, std::move(steps), losses, after(seconds));
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
  const StepLosses equal = {{}, {{20'000, 4'000}, {20'000, 4'000}}};
  rollout.plan.loss_margin = 0.05;
  EXPECT_EQ(judged(rollout, steps, 100, equal).move, RolloutMove::promote);
  const StepLosses worse = {{}, {{20'000, 4'000}, {20'000, 8'000}}};
  EXPECT_EQ(judged(rollout, steps, 100, worse).move, RolloutMove::roll_back);
}

TEST(RolloutReport, AnExperimentIsWonByALowerLoss) {
  const Rollout rollout = rollout_at(0, RolloutMode::ab);
  const std::vector<StepTotals> steps = {step(5'000, 5, 5'000, 5)};
  const StepLosses equal = {{{5'000, 1'000}, {5'000, 1'000}}};
  const StepLosses better = {{{5'000, 1'000}, {5'000, 700}}};
  EXPECT_EQ(judged(rollout, steps, 100).move, RolloutMove::wait);
  EXPECT_EQ(judged(rollout, steps, 100, equal).move, RolloutMove::wait);
  EXPECT_EQ(judged(rollout, steps, 100, better).move, RolloutMove::promote);
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
