#include "system/monitor/alarm_decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr int64_t kDay = 24LL * 3600 * 1'000'000;

class AlarmDecisions : public testing::Test {
 protected:
  AlarmDecisions() : clock_(*parse_time("2026-03-02T12:00:00Z")) {
    ledger_ = open_ledger(folder_.path("ledger.sqlite"), clock_).value();
  }

  /// Records an alarm that shows first `days` after the begin of the test.
  Alarm raise(const std::string& key, double severity, int64_t days = -1) {
    Alarm made;
    made.key = key;
    made.kind = "unit";
    made.severity = severity;
    made.since = Time{parse_time("2026-03-02T12:00:00Z")->micros + days * kDay};
    std::vector<Alarm> found = {made};
    EXPECT_TRUE(record_alarms(*ledger_, found, "monitor").ok());
    return found[0];
  }

  Result<AlarmStanding> decide(int64_t number, AlarmDecision decision) {
    return decide_alarm(*ledger_, number, decision, clock_.now(), "login");
  }

  std::vector<AlarmStanding> standings() { return alarm_standings(*ledger_, clock_.now()).value(); }

  void wait(int64_t days) { clock_.set(Time{clock_.now().micros + days * kDay}); }

  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Ledger> ledger_;
};

TEST_F(AlarmDecisions, AnAlarmIsOpenUntilSomebodySpeaks) {
  raise("a", 0.3);
  raise("b", 0.9);
  ASSERT_EQ(standings().size(), 2U);
  EXPECT_EQ(standings()[0].alarm.key, "b") << "the most severe first";
  const auto seen = decide(2, {AlarmState::acknowledged, {}, "ada", "asked the sender"});
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->state, AlarmState::acknowledged);
  EXPECT_EQ(standings()[0].alarm.key, "a") << "open ones come first";
  EXPECT_EQ(standings()[1].decision->name, "ada");
  EXPECT_EQ(to_json(standings()[1])["decision"]["reason"], "asked the sender");
}

TEST_F(AlarmDecisions, AMuteEndsByItself) {
  raise("a", 0.3);
  const Time end{clock_.now().micros + 7 * kDay};
  ASSERT_TRUE(decide(1, {AlarmState::muted, end, "ada", "known"}).ok());
  EXPECT_EQ(standings()[0].state, AlarmState::muted);
  EXPECT_FALSE(raise("a", 0.3).is_new);
  wait(7);
  EXPECT_EQ(standings()[0].state, AlarmState::open);
  EXPECT_TRUE(standings()[0].decision.has_value()) << "what was decided stays visible";
}

TEST_F(AlarmDecisions, AResolvedAlarmComesBackOnlyWhereItShowsAnew) {
  raise("a", 0.3);
  ASSERT_TRUE(decide(1, {AlarmState::resolved, {}, "ada", "fixed"}).ok());
  EXPECT_FALSE(raise("a", 0.3).is_new) << "the old windows are still in the log";
  EXPECT_EQ(standings()[0].state, AlarmState::resolved);
  wait(10);
  const Alarm again = raise("a", 0.6, 5);
  EXPECT_TRUE(again.is_new);
  ASSERT_EQ(standings().size(), 1U) << "one cause is one alarm";
  EXPECT_EQ(standings()[0].state, AlarmState::open);
  EXPECT_EQ(standings()[0].alarm.event_number, again.event_number);
  EXPECT_FALSE(raise("a", 0.6, 5).is_new);
}

TEST_F(AlarmDecisions, WhatIsNotWholeIsRefused) {
  raise("a", 0.3);
  EXPECT_THAT(decide(7, {AlarmState::resolved, {}, "ada", "x"}).error().hint, HasSubstr("#1"));
  EXPECT_THAT(decide(1, {AlarmState::resolved, {}, "", "x"}).error().hint, HasSubstr("--by"));
  EXPECT_THAT(decide(1, {AlarmState::resolved, {}, "ada", ""}).error().hint, HasSubstr("--reason"));
  EXPECT_THAT(decide(1, {AlarmState::muted, {}, "ada", "x"}).error().what, HasSubstr("an end"));
  EXPECT_THAT(decide(1, {AlarmState::muted, clock_.now(), "ada", "x"}).error().what,
              HasSubstr("ended already"));
  const Time later{clock_.now().micros + kDay};
  EXPECT_THAT(decide(1, {AlarmState::resolved, later, "ada", "x"}).error().what,
              HasSubstr("only a mute"));
  EXPECT_EQ(ledger_->head().value(), 1) << "nothing was recorded";
  ASSERT_TRUE(decide(1, {AlarmState::resolved, {}, "ada", "x"}).ok());
  const Error twice = decide(1, {AlarmState::resolved, {}, "bob", "y"}).error();
  EXPECT_EQ(twice.code, ErrorCode::conflict);
  EXPECT_THAT(twice.what, HasSubstr("by ada: x"));
}

TEST_F(AlarmDecisions, ADamagedDecisionIsNamedByItsEvent) {
  raise("a", 0.3);
  ASSERT_TRUE(ledger_
                  ->append({.kind = "alarm_decision",
                            .subject = "a",
                            .author = "x",
                            .body = R"({"alarm":1,"state":"gone","name":"x","reason":"y"})"})
                  .ok());
  const auto broken = alarm_standings(*ledger_, clock_.now());
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, ErrorCode::damaged);
  EXPECT_THAT(broken.error().what, HasSubstr("event 2"));
}

}  // namespace
}  // namespace millgate
