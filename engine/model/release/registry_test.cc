#include "model/release/registry.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "model/release/test_registry.h"

namespace millgate {
namespace {

using ::testing::HasSubstr;

TEST_F(RegistryTest, NothingServesAtFirst) {
  EXPECT_FALSE((*serving(*ledger_)).has_value());
  EXPECT_TRUE((*serving_history(*ledger_)).empty());
  EXPECT_EQ(back(std::nullopt, "why not").error().code, ErrorCode::not_found);
}

TEST_F(RegistryTest, APassedVerdictOpensTheWay) {
  const Verdict verdict = judged(a_, true);
  const auto released = release(*ledger_, verdict, "ann");
  ASSERT_TRUE(released.ok());
  EXPECT_EQ(released->model, a_);
  EXPECT_EQ(released->how, "release");
  EXPECT_EQ(released->by, "ann");
  EXPECT_EQ(released->verdict, verdict.name());
  EXPECT_EQ(now(), a_);
  EXPECT_EQ(release(*ledger_, verdict, "ann").error().code, ErrorCode::conflict);
}

TEST_F(RegistryTest, ARefusedOneDoesNot) {
  const auto released = release(*ledger_, judged(a_, false), "ann");
  ASSERT_FALSE(released.ok());
  EXPECT_EQ(released.error().code, ErrorCode::refused);
  EXPECT_THAT(released.error().what, HasSubstr("1 of 1 requirements failed"));
  EXPECT_FALSE((*serving(*ledger_)).has_value());
}

TEST_F(RegistryTest, AnOldVerdictDoesNot) {
  const Verdict passed = judged(a_, true);
  judged(a_, false);
  EXPECT_EQ(release(*ledger_, passed, "ann").error().code, ErrorCode::refused);
}

TEST_F(RegistryTest, AVerdictThatIsNotInTheLedgerDoesNot) {
  const Verdict refused = judged(a_, false);
  Event forged = refused.event();
  const size_t at = forged.body.find("\"passed\":false");
  while (forged.body.find("\"passed\":false") != std::string::npos) {
    forged.body.replace(forged.body.find("\"passed\":false"), 14, "\"passed\":true");
  }
  ASSERT_NE(at, std::string::npos);
  const auto made_up = verdict_from_event(forged);
  ASSERT_TRUE(made_up.ok());
  ASSERT_TRUE(made_up->passed());
  EXPECT_EQ(release(*ledger_, *made_up, "eve").error().code, ErrorCode::refused);

  Event elsewhere = judged(b_, true).event();
  elsewhere.subject = c_.hex();
  const auto stolen = verdict_from_event(elsewhere);
  ASSERT_TRUE(stolen.ok());
  EXPECT_EQ(release(*ledger_, *stolen, "eve").error().code, ErrorCode::refused);
  EXPECT_FALSE((*serving(*ledger_)).has_value());
}

TEST_F(RegistryTest, TheSecondOfTwoReleasesAtOnceIsTold) {
  const Verdict for_a = judged(a_, true);
  const Verdict for_b = judged(b_, true);
  InterruptedLedger interrupted(*ledger_,
                                [&] { ASSERT_TRUE(release(*ledger_, for_b, "bob").ok()); });
  const auto lost = release(interrupted, for_a, "ann");
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_THAT(lost.error().what, HasSubstr("bob"));
  EXPECT_EQ(now(), b_);
}

TEST_F(RegistryTest, AVerdictThatArrivesInBetweenClosesTheWay) {
  const Verdict passed = judged(a_, true);
  InterruptedLedger interrupted(*ledger_, [&] { judged(a_, false); });
  EXPECT_EQ(release(interrupted, passed, "ann").error().code, ErrorCode::refused);
  EXPECT_FALSE((*serving(*ledger_)).has_value());
}

TEST_F(RegistryTest, ManyReleasesAtOnceLeaveAHistoryWithoutRepeats) {
  std::vector<Verdict> verdicts;
  for (int i = 0; i < 8; ++i) verdicts.push_back(judged(hash_of(std::to_string(i)), true));
  std::atomic<size_t> released{0};
  std::vector<std::thread> threads;
  for (const Verdict& verdict : verdicts) {
    threads.emplace_back([&] {
      const auto answer = release(*ledger_, verdict, "thread");
      if (answer.ok()) {
        ++released;
      } else {
        EXPECT_EQ(answer.error().code, ErrorCode::conflict);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(released, 1U);
  EXPECT_EQ((*serving_history(*ledger_)).size(), released);
  EXPECT_TRUE(ledger_->verify().ok());
}

TEST_F(RegistryTest, AnOverrideNeedsNameAndReasonAndStaysVisible) {
  const Verdict refused = judged(a_, false);
  for (const auto& [name, reason] : {std::pair("", "must ship"), std::pair("Ann", ""),
                                     std::pair("  ", "must ship"), std::pair("Ann", " \n")}) {
    EXPECT_EQ(overridden(a_, name, reason).error().code, ErrorCode::invalid_input);
  }
  ASSERT_TRUE(overridden(a_, "Ann Lee", "storm tonight").ok());
  tick(60);
  ASSERT_TRUE(pass_and_release(b_).ok());
  const auto history = serving_history(*ledger_);
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 2U);
  EXPECT_EQ((*history)[0].how, "override");
  EXPECT_EQ((*history)[0].by, "Ann Lee");
  EXPECT_EQ((*history)[0].reason, "storm tonight");
  EXPECT_EQ((*history)[0].verdict, refused.name());
  EXPECT_EQ((*history)[1].how, "release");
}

TEST_F(RegistryTest, RollbackGoesBackAndOnBack) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(pass_and_release(b_).ok());
  ASSERT_TRUE(pass_and_release(c_).ok());
  const auto first = back(std::nullopt, "too slow");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->model, b_);
  EXPECT_EQ(first->how, "rollback");
  EXPECT_EQ(first->reason, "too slow");
  EXPECT_FALSE(first->verdict.empty());
  const auto second = back(std::nullopt, "too slow as well");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->model, a_);
  EXPECT_EQ(back(std::nullopt, "again").error().code, ErrorCode::not_found);
  EXPECT_EQ(back(a_, "again").error().code, ErrorCode::conflict);
  ASSERT_TRUE(back(c_, "it was the network").ok());
  EXPECT_EQ(now(), c_);
  EXPECT_EQ(back(a_, " ").error().code, ErrorCode::invalid_input);
}

TEST_F(RegistryTest, RollbackToWhatNeverPassedIsRefused) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(overridden(b_, "Ann", "storm").ok());
  ASSERT_TRUE(pass_and_release(c_).ok());
  for (const auto& to :
       {std::optional<Id>(b_), std::optional<Id>(hash_of("unknown")), std::optional<Id>()}) {
    const auto answer = back(to, "slow");
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, ErrorCode::refused);
    EXPECT_THAT(answer.error().hint, HasSubstr(a_.brief()));
  }
  judged(hash_of("judged"), true);
  EXPECT_EQ(back(hash_of("judged"), "never served").error().code, ErrorCode::refused);
  EXPECT_EQ(now(), c_);
}

TEST_F(RegistryTest, TellsWhatServedAtATime) {
  const Time before = clock_.now();
  tick(10);
  ASSERT_TRUE(pass_and_release(a_).ok());
  const Time during_a = clock_.now();
  tick(10);
  ASSERT_TRUE(pass_and_release(b_).ok());
  tick(10);
  const Time during_b = clock_.now();
  tick(10);
  ASSERT_TRUE(back(std::nullopt, "slow").ok());
  EXPECT_FALSE((*serving(*ledger_, before)).has_value());
  EXPECT_EQ((*serving(*ledger_, during_a))->model, a_);
  EXPECT_EQ((*serving(*ledger_, during_b))->model, b_);
  EXPECT_EQ((*serving(*ledger_, during_b))->since.micros, during_b.micros - 10'000'000);
  EXPECT_EQ((*serving(*ledger_))->model, a_);
  EXPECT_EQ((*serving(*ledger_))->how, "rollback");
}

TEST_F(RegistryTest, AnOverrideEndsAndWhatServesGoesOn) {
  EXPECT_EQ(release_by_override(*ledger_, a_, {"Ann", "storm", clock_.now()}, "ann", into({}))
                .error()
                .code,
            ErrorCode::invalid_input);
  ASSERT_TRUE(overridden(a_, "Ann", "storm").ok());
  const Serving at_first = **serving(*ledger_);
  EXPECT_FALSE(at_first.has_expired(clock_.now()));
  tick(3600);
  EXPECT_TRUE((*serving(*ledger_))->has_expired(clock_.now()));
  EXPECT_EQ(now(), a_);
  // It may be renewed, and go over into a release once it has passed.
  ASSERT_TRUE(overridden(a_, "Bea", "the storm goes on").ok());
  EXPECT_FALSE((*serving(*ledger_))->has_expired(clock_.now()));
  ASSERT_TRUE(pass_and_release(a_).ok());
  EXPECT_EQ((*serving(*ledger_))->how, "release");
  EXPECT_FALSE((*serving(*ledger_))->until.has_value());
}

TEST_F(RegistryTest, AnOverrideOfBeforeTheyEndedIsRead) {
  ASSERT_TRUE(ledger_
                  ->append({"release", a_.hex(), "ann",
                            R"({"how":"override","verdict":"","name":"Ann","reason":"storm"})"})
                  .ok());
  EXPECT_FALSE((*serving(*ledger_))->has_expired(Time{INT64_MAX}));
}

TEST_F(RegistryTest, AReleaseWhileARollbackRunsIsToldOrWins) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(pass_and_release(b_).ok());
  const Verdict for_c = judged(c_, true);
  InterruptedLedger first(*ledger_, [&] { ASSERT_TRUE(release(*ledger_, for_c, "bob").ok()); });
  const auto late = roll_back(first, {.reason = "slow"}, "ann");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::conflict);
  EXPECT_THAT(late.error().what, HasSubstr("`bob`"));
  EXPECT_EQ(now(), c_);
  const Verdict for_d = judged(hash_of("d"), true);
  InterruptedLedger second(*ledger_, [&] { ASSERT_TRUE(back(std::nullopt, "slow").ok()); });
  EXPECT_EQ(release(second, for_d, "bob").error().code, ErrorCode::conflict);
  EXPECT_EQ(now(), b_);
}

TEST_F(RegistryTest, ANamedModelMustStillMeetWhatCanBeChecked) {
  for (const Id& model : {a_, b_, c_}) ASSERT_TRUE(pass_and_release(model).ok());
  judged(b_, false);
  EXPECT_THAT(back(b_, "slow").error().what, HasSubstr("newest verdict"));
  // Today more is asked for than `a` was measured to have.
  const Environment stricter{.requirements = {auc_above(0.85)}};
  judged(hash_of("d"), true, stricter);
  const auto named = back(a_, "slow");
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().code, ErrorCode::refused);
  EXPECT_THAT(named.error().what, HasSubstr("`auc` was 0.8 when it was judged, and 0.85 at least"));
  // In the night, back to what was there is always possible.
  EXPECT_EQ(back(std::nullopt, "slow")->model, b_);
}

TEST_F(RegistryTest, RollbackPassesOverWhatWasRenewed) {
  ASSERT_TRUE(pass_and_release(a_).ok());
  ASSERT_TRUE(overridden(b_, "Ann", "storm").ok());
  ASSERT_TRUE(overridden(b_, "Ann", "more storm").ok());
  EXPECT_EQ(back(std::nullopt, "slow")->model, a_);
}

TEST_F(RegistryTest, AVerdictMustJudgeAllThatIsAskedNow) {
  const Environment asks{.requirements = {auc_above(0.7), auc_above(0.75)}};
  const Verdict lenient = judged(a_, true);
  const auto released = release(*ledger_, lenient, "ann", into(asks));
  ASSERT_FALSE(released.ok());
  EXPECT_EQ(released.error().code, ErrorCode::refused);
  EXPECT_THAT(released.error().what, HasSubstr("did not judge `auc`"));
  Environment kinder = asks;
  kinder.requirements[1].level = Level::should;
  EXPECT_TRUE(release(*ledger_, lenient, "ann", into(kinder)).ok());
}

class EnvironmentsTest : public RegistryTest {
 protected:
  Environment dev_{.name = "dev", .key = "dev", .open = true};
  Environment staging_{
      .name = "staging", .key = "staging", .requirements = {auc_above(0.5)}, .before = "dev"};
  Environment prod_{.name = "prod", .requirements = {auc_above(0.7)}, .before = "staging"};
};

TEST_F(EnvironmentsTest, AModelGoesThroughThemInTheirOrder) {
  const Verdict for_staging = judged(a_, true, staging_);
  const auto skipped = release(*ledger_, for_staging, "ann", into(staging_));
  ASSERT_FALSE(skipped.ok());
  EXPECT_EQ(skipped.error().code, ErrorCode::refused);
  EXPECT_THAT(skipped.error().what, HasSubstr("never live in `dev`"));
  ASSERT_TRUE(enter_open(*ledger_, a_, "ann", into(dev_)).ok());
  EXPECT_EQ(enter_open(*ledger_, a_, "ann", into(staging_)).error().code, ErrorCode::refused);
  const auto staged = release(*ledger_, for_staging, "ann", into(staging_));
  ASSERT_TRUE(staged.ok()) << staged.error().what;
  EXPECT_EQ(staged->environment, "staging");
  EXPECT_EQ(staged->verdict, for_staging.name());
  // A verdict opens the environment whose requirements it judged, and no other.
  EXPECT_EQ(release(*ledger_, for_staging, "ann", into(prod_)).error().code, ErrorCode::refused);
  EXPECT_FALSE((*serving(*ledger_)).has_value());
  ASSERT_TRUE(release(*ledger_, judged(a_, true, prod_), "ann", into(prod_)).ok());
  EXPECT_EQ(now(), a_);
  const auto live = live_everywhere(*ledger_);
  ASSERT_EQ(live->size(), 3U);
  EXPECT_EQ((*live)[0].environment, "dev");
  EXPECT_EQ((*live)[0].how, "open");
  EXPECT_EQ((*live)[2].environment, "");
}

TEST_F(EnvironmentsTest, AnEndedOverrideDoesNotLeadOn) {
  ASSERT_TRUE(enter_open(*ledger_, a_, "ann", into(dev_)).ok());
  ASSERT_TRUE(overridden(a_, "Ann", "for the demo", staging_).ok());
  const Verdict passed = judged(a_, true, prod_);
  tick(3600);
  const auto late = release(*ledger_, passed, "ann", into(prod_));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::refused);
  EXPECT_THAT(late.error().what, HasSubstr("override of Ann that ended"));
  ASSERT_TRUE(release(*ledger_, judged(a_, true, staging_), "ann", into(staging_)).ok());
  EXPECT_TRUE(release(*ledger_, passed, "ann", into(prod_)).ok());
}

TEST_F(EnvironmentsTest, EachHasItsOwnWayBack) {
  for (const Id& model : {a_, b_}) {
    ASSERT_TRUE(enter_open(*ledger_, model, "ann", into(dev_)).ok());
    ASSERT_TRUE(release(*ledger_, judged(model, true, staging_), "ann", into(staging_)).ok());
  }
  ASSERT_TRUE(release(*ledger_, judged(a_, true, prod_), "ann", into(prod_)).ok());
  const auto gone_back = roll_back(*ledger_, {.reason = "slow", .environment = "staging"}, "ann");
  ASSERT_TRUE(gone_back.ok()) << gone_back.error().what;
  EXPECT_EQ(gone_back->model, a_);
  EXPECT_EQ((*serving(*ledger_, std::nullopt, "dev"))->model, b_);
  EXPECT_EQ((*serving(*ledger_, std::nullopt, "staging"))->how, "rollback");
  EXPECT_EQ((*serving(*ledger_))->how, "release");
  EXPECT_EQ(back(std::nullopt, "slow").error().code, ErrorCode::not_found);
}

TEST_F(EnvironmentsTest, TheSecondOfTwoPromotionsAtOnceIsTold) {
  for (const Id& model : {a_, b_}) {
    ASSERT_TRUE(enter_open(*ledger_, model, "ann", into(dev_)).ok());
  }
  const Verdict for_a = judged(a_, true, staging_);
  const Verdict for_b = judged(b_, true, staging_);
  InterruptedLedger interrupted(
      *ledger_, [&] { ASSERT_TRUE(release(*ledger_, for_b, "bob", into(staging_)).ok()); });
  const auto lost = release(interrupted, for_a, "ann", into(staging_));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_THAT(lost.error().what, HasSubstr("`bob`"));
  EXPECT_THAT(lost.error().what, HasSubstr(b_.brief()));
  // What happens elsewhere is no conflict.
  InterruptedLedger elsewhere(*ledger_,
                              [&] { ASSERT_TRUE(overridden(c_, "Cy", "try", prod_).ok()); });
  EXPECT_TRUE(release(elsewhere, for_a, "ann", into(staging_)).ok());
}

}  // namespace
}  // namespace millgate
