#include "model/release/retirement.h"

#include <gmock/gmock.h>

#include "model/release/alias.h"
#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

using RetirementTest = RegistryTest;

TEST_F(RetirementTest, ARetiredModelIsUsedNoMoreUntilItIsBroughtBack) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(pass_and_release(b_).ok());
  ASSERT_TRUE(retire(*ledger_, a_, "trained on the old tariff", "ann").ok());
  const Time then = clock_.now();
  tick(10);
  EXPECT_EQ((*retirement(*ledger_, a_))->reason, "trained on the old tariff");
  const auto went_back = back(std::nullopt, "slow");
  ASSERT_FALSE(went_back.ok());
  EXPECT_EQ(went_back.error().code, ErrorCode::refused);
  EXPECT_THAT(went_back.error().what, HasSubstr("old tariff"));
  EXPECT_EQ(pass_and_release(a_).error().code, ErrorCode::refused);
  EXPECT_EQ(overridden(a_, "Ann", "storm").error().code, ErrorCode::refused);
  EXPECT_EQ(now(), b_);
  EXPECT_EQ(retire(*ledger_, a_, "again", "ann").error().code, ErrorCode::conflict);
  ASSERT_TRUE(bring_back(*ledger_, a_, "the tariff is back", "ann").ok());
  EXPECT_FALSE((*retirement(*ledger_, a_)).has_value());
  EXPECT_TRUE((*retirement(*ledger_, a_, then)).has_value());
  EXPECT_EQ(bring_back(*ledger_, a_, "again", "ann").error().code, ErrorCode::conflict);
  EXPECT_EQ(back(std::nullopt, "slow")->model, a_);
}

TEST_F(RetirementTest, WhatIsInUseCannotBeRetired) {
  EXPECT_EQ(retire(*ledger_, a_, " ", "ann").error().code, ErrorCode::invalid_input);
  ASSERT_TRUE(pass_and_release(a_).ok());
  EXPECT_THAT(retire(*ledger_, a_, "old", "ann").error().what, HasSubstr("it serves"));
  ASSERT_TRUE(move_alias(*ledger_, {.name = "champion", .to = b_}, "ann").ok());
  EXPECT_THAT(retire(*ledger_, b_, "old", "ann").error().what, HasSubstr("`champion`"));
  const Environment dev{.name = "dev", .key = "dev", .open = true};
  ASSERT_TRUE(enter_open(*ledger_, c_, "ann", into(dev)).ok());
  EXPECT_THAT(retire(*ledger_, c_, "old", "ann").error().what, HasSubstr("live in `dev`"));
}

TEST_F(RetirementTest, AReleaseAtTheSameMomentWins) {
  const Verdict passed = judged(a_, true);
  InterruptedLedger interrupted(*ledger_,
                                [&] { ASSERT_TRUE(release(*ledger_, passed, "bob").ok()); });
  EXPECT_EQ(retire(interrupted, a_, "old", "ann").error().code, ErrorCode::refused);
  EXPECT_EQ(now(), a_);
}

}  // namespace
}  // namespace millgate
