#include "model/release/rollout.h"

#include "model/release/retirement.h"
#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

class RolloutTest : public RegistryTest {
 protected:
  RolloutTest() { EXPECT_TRUE(pass_and_release(a_).ok()); }

  Result<Rollout> start(const Id& model, RolloutPlan plan = {}) {
    return start_rollout(*ledger_, {.challenger = model, .plan = std::move(plan)}, "ann", into({}));
  }
  /// Of a model that has passed.
  Rollout started(const Id& model, const RolloutPlan& plan = {}) {
    judged(model, true);
    return *start(model, plan);
  }
  std::optional<Rollout> running() { return *running_rollout(*ledger_); }
  Rollout last() { return rollouts(*ledger_)->back(); }
};

TEST_F(RolloutTest, GoesFromStepToStepAndKeepsItsPlan) {
  RolloutPlan plan;
  plan.shares = {0.5, 20, 100};
  plan.sticky = "column:customer";
  plan.only = "header:X-Beta=1";
  plan.loss_margin = 0.25;
  plan.loss_cap = 60;
  plan.by_hand = true;
  const Rollout begun = started(b_, plan);
  EXPECT_EQ(begun.champion, a_);
  EXPECT_EQ(now(), a_);
  tick(5);
  ASSERT_TRUE(advance_rollout(*ledger_, begun, "no harm", "bob").ok());
  const Rollout found = *running();
  EXPECT_EQ(found.id, begun.id);
  EXPECT_EQ(found.share(), 20);
  EXPECT_EQ(found.step_since().micros - found.since.micros, 5'000'000);
  EXPECT_EQ(found.reason, "no harm");
  EXPECT_EQ(found.plan.sticky, "column:customer");
  EXPECT_EQ(found.plan.only, "header:X-Beta=1");
  EXPECT_EQ(found.plan.loss_margin, 0.25);
  EXPECT_EQ(found.plan.loss_cap, 60);
  EXPECT_TRUE(found.plan.by_hand);
  EXPECT_EQ(found.by, "ann");
}

TEST_F(RolloutTest, OnlyTheGateOpensTheWay) {
  EXPECT_THAT(start(b_).error().what, HasSubstr("holds no verdict"));
  judged(b_, false);
  EXPECT_EQ(start(b_).error().code, ErrorCode::refused);
  EXPECT_THAT(start(b_).error().what, HasSubstr("refused it"));
  EXPECT_FALSE(running());
}

TEST_F(RolloutTest, AnOverrideLetsInAndEnds) {
  const Override why{"grace", "a trial", Time{clock_.now().micros + 10'000'000}};
  const auto let_in =
      start_rollout(*ledger_, {.challenger = b_, .plan = {}, .let_in = why}, "ann", into({}));
  ASSERT_TRUE(let_in.ok());
  EXPECT_EQ(running()->let_in->name, "grace");
  tick(11);
  EXPECT_EQ(promote_rollout(*ledger_, *let_in, "well", "bob", into({})).error().code,
            ErrorCode::refused);
  EXPECT_EQ(now(), a_);
  EXPECT_EQ(start_rollout(*ledger_, {.challenger = c_, .plan = {}, .let_in = why}, "ann", into({}))
                .error()
                .code,
            ErrorCode::invalid_input);
}

TEST_F(RolloutTest, APromotionIsARelease) {
  const Rollout rollout = started(b_);
  tick(1);
  const auto serving_now = promote_rollout(*ledger_, rollout, "is no worse", "bob", into({}));
  ASSERT_TRUE(serving_now.ok());
  EXPECT_EQ(serving_now->reason, "is no worse");
  EXPECT_EQ(now(), b_);
  EXPECT_FALSE(running());
  EXPECT_EQ(last().state, RolloutState::promoted);
  EXPECT_EQ(last().reason, "is no worse");
  EXPECT_EQ(last().ended_by, "bob");
  EXPECT_EQ(serving_history(*ledger_)->back().reason, "is no worse");
}

TEST_F(RolloutTest, ARefusedVerdictMeanwhileStopsThePromotion) {
  const Rollout rollout = started(b_);
  tick(1);
  judged(b_, false);
  EXPECT_EQ(promote_rollout(*ledger_, rollout, "well", "bob", into({})).error().code,
            ErrorCode::refused);
  EXPECT_EQ(now(), a_);
}

TEST_F(RolloutTest, RollsBackOnceWithAReason) {
  const Rollout rollout = started(b_);
  EXPECT_EQ(roll_back_rollout(*ledger_, rollout, " ", "bob").error().code,
            ErrorCode::invalid_input);
  ASSERT_TRUE(roll_back_rollout(*ledger_, rollout, "more errors", "bob").ok());
  EXPECT_EQ(last().state, RolloutState::rolled_back);
  const auto again = roll_back_rollout(*ledger_, rollout, "more errors", "carl");
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_THAT(again.error().what, HasSubstr("rolled back by bob, because: more errors"));
  EXPECT_EQ(promote_rollout(*ledger_, rollout, "x", "bob", into({})).error().code,
            ErrorCode::conflict);
  EXPECT_EQ(now(), a_);
}

TEST_F(RolloutTest, OfTwoServersThatMoveItOneDoes) {
  const Rollout rollout = started(b_);
  InterruptedLedger late(
      *ledger_, [&] { ASSERT_TRUE(advance_rollout(*ledger_, rollout, "first", "one").ok()); });
  EXPECT_EQ(advance_rollout(late, rollout, "second", "two").error().code, ErrorCode::conflict);
  EXPECT_EQ(running()->step, 1U);
  InterruptedLedger later(*ledger_, [&] {
    ASSERT_TRUE(roll_back_rollout(*ledger_, *running(), "errors", "one").ok());
  });
  EXPECT_EQ(promote_rollout(later, *running(), "well", "two", into({})).error().code,
            ErrorCode::conflict);
  EXPECT_EQ(now(), a_);
}

TEST_F(RolloutTest, WhateverChangesWhatServesEndsIt) {
  started(b_);
  tick(1);
  ASSERT_TRUE(pass_and_release(c_).ok());
  EXPECT_FALSE(running());
  EXPECT_EQ(last().state, RolloutState::replaced);
  tick(1);
  judged(b_, true);
  ASSERT_TRUE(start(b_).ok());
  ASSERT_TRUE(back(std::nullopt, "complaints").ok());
  EXPECT_EQ(last().state, RolloutState::replaced);
  EXPECT_THAT(last().reason, HasSubstr("complaints"));
  EXPECT_EQ(rollouts(*ledger_)->size(), 2U);
}

TEST_F(RolloutTest, OneAtATimeAndNotOfWhatServes) {
  judged(a_, true);
  EXPECT_EQ(start(a_).error().code, ErrorCode::conflict);
  started(b_);
  judged(c_, true);
  EXPECT_THAT(start(c_).error().what, HasSubstr("is running, started by ann"));
  EXPECT_EQ(retire(*ledger_, b_, "old", "ann").error().code, ErrorCode::refused);
}

TEST_F(RolloutTest, LastStepAndBadPlans) {
  RolloutPlan plan;
  plan.shares = {50};
  EXPECT_EQ(advance_rollout(*ledger_, started(b_, plan), "x", "ann").error().code,
            ErrorCode::conflict);
  const auto refuses = [](auto change) {
    RolloutPlan bad;
    change(bad);
    return check_plan(bad).error().code == ErrorCode::invalid_input;
  };
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.shares = {}; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.shares = {10, 5}; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.shares = {1, 101}; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.shares = {100}; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.shares = {std::nan("")}; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.mode = RolloutMode::shadow; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.alpha = 0; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.sticky = "customer"; }));
  EXPECT_TRUE(refuses([](RolloutPlan& bad) { bad.only = "header:X-Beta"; }));
  EXPECT_EQ(parse_rollout_mode("canry").error().hint, "did you mean `canary`?");
}

}  // namespace
}  // namespace millgate
