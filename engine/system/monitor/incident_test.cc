#include "system/monitor/incident.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json.h"
#include "ground/test_folder.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr int64_t kDay = 24LL * 3600 * 1'000'000;

class Incidents : public testing::Test {
 protected:
  Incidents() : clock_(*parse_time("2026-03-02T12:00:00Z")) {
    ledger_ = open_ledger(folder_.path("ledger.sqlite"), clock_).value();
  }

  static Alarm alarm(const std::string& key, const std::string& leader, double severity,
                     Time since) {
    Alarm made;
    made.key = key;
    made.kind = "unit";
    made.leader = leader;
    made.severity = severity;
    made.since = since;
    return made;
  }

  /// Records alarms of one incident, led by the first.
  std::vector<Alarm> raise_together(const std::vector<std::string>& keys, double severity = 0.9) {
    std::vector<Alarm> found;
    for (const std::string& key : keys) {
      found.push_back(alarm(key, keys[0], severity, clock_.now()));
      severity -= 0.1;
    }
    EXPECT_TRUE(record_alarms(*ledger_, found, "monitor").ok());
    return found;
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

  Result<Incident> decide(int64_t number, AlarmDecision decision) {
    return decide_incident(*ledger_, number, decision, clock_.now(), "login");
  }

  std::vector<Incident> standing() { return incidents(*ledger_, clock_.now()).value(); }

  void wait(int64_t days) { clock_.set(Time{clock_.now().micros + days * kDay}); }

  TestFolder folder_;
  ManualClock clock_;
  std::shared_ptr<Ledger> ledger_;
};

TEST_F(Incidents, AnAlarmIsOpenUntilSomebodySpeaks) {
  raise("a", 0.3);
  raise("b", 0.9);
  ASSERT_EQ(standing().size(), 2U);
  EXPECT_EQ(standing()[0].alarm().key, "b") << "the most severe first";
  const auto seen = decide(2, {AlarmState::acknowledged, {}, "ada", "asked the sender"});
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->state, AlarmState::acknowledged);
  EXPECT_EQ(standing()[0].alarm().key, "a") << "open ones come first";
  EXPECT_EQ(standing()[1].decision->name, "ada");
  EXPECT_EQ(to_json(standing()[1])["decision"]["reason"], "asked the sender");
}

TEST_F(Incidents, AMuteEndsByItself) {
  raise("a", 0.3);
  const Time end{clock_.now().micros + 7 * kDay};
  ASSERT_TRUE(decide(1, {AlarmState::muted, end, "ada", "known"}).ok());
  EXPECT_EQ(standing()[0].state, AlarmState::muted);
  EXPECT_FALSE(raise("a", 0.3).is_new);
  wait(7);
  EXPECT_EQ(standing()[0].state, AlarmState::open);
  EXPECT_TRUE(standing()[0].decision.has_value()) << "what was decided stays visible";
}

TEST_F(Incidents, AResolvedAlarmComesBackOnlyWhereItShowsAnew) {
  raise("a", 0.3);
  ASSERT_TRUE(decide(1, {AlarmState::resolved, {}, "ada", "fixed"}).ok());
  EXPECT_FALSE(raise("a", 0.3).is_new) << "the old windows are still in the log";
  EXPECT_EQ(standing()[0].state, AlarmState::resolved);
  wait(10);
  const Alarm again = raise("a", 0.6, 5);
  EXPECT_TRUE(again.is_new);
  ASSERT_EQ(standing().size(), 1U) << "one cause is one alarm";
  EXPECT_EQ(standing()[0].state, AlarmState::open);
  EXPECT_EQ(standing()[0].alarm().event_number, again.event_number);
  EXPECT_FALSE(raise("a", 0.6, 5).is_new);
}

TEST_F(Incidents, WhatIsNotWholeIsRefused) {
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

TEST_F(Incidents, AlarmsOfOneCauseAreOneIncident) {
  const auto found = raise_together({"quality", "drift"});
  EXPECT_EQ(found[1].incident, found[0].event_number);
  ASSERT_EQ(standing().size(), 1U);
  EXPECT_EQ(standing()[0].alarms.size(), 2U);
  EXPECT_EQ(standing()[0].alarm().key, "quality");
  EXPECT_EQ(to_json(standing()[0])["also"][0]["key"], "drift");
}

TEST_F(Incidents, ADecisionAboutOneAlarmIsAboutItsIncident) {
  raise_together({"quality", "drift"});
  const auto decided = decide(2, {AlarmState::acknowledged, {}, "ada", "I look"});
  ASSERT_TRUE(decided.ok());
  EXPECT_EQ(decided->number, 1);
  EXPECT_EQ(standing()[0].state, AlarmState::acknowledged);
}

TEST_F(Incidents, WhatIsFoundLaterJoinsTheIncidentThatIsOpen) {
  raise_together({"drift"}, 0.8);
  wait(7);
  // By now it also shows in the quality, which is graver and leads.
  const auto found = raise_together({"quality", "drift"});
  EXPECT_TRUE(found[0].is_new);
  EXPECT_EQ(found[0].incident, 1);
  ASSERT_EQ(standing().size(), 1U);
  EXPECT_EQ(standing()[0].number, 1);
  EXPECT_EQ(standing()[0].alarm().key, "quality");
  EXPECT_EQ(standing()[0].since(), Time{clock_.now().micros - 7 * kDay});
}

TEST_F(Incidents, WhatIsFoundAfterItWasResolvedIsANewOne) {
  raise_together({"drift"});
  ASSERT_TRUE(decide(1, {AlarmState::resolved, {}, "ada", "trained anew"}).ok());
  wait(7);
  const auto found = raise_together({"quality", "drift"});
  EXPECT_NE(found[0].incident, 1);
  EXPECT_EQ(found[1].incident, found[0].incident) << "it shows anew, in a window after that";
  ASSERT_EQ(standing().size(), 1U);
  EXPECT_EQ(standing()[0].state, AlarmState::open);
}

TEST_F(Incidents, HarmAndRowsComeBackFromTheLedger) {
  Alarm made = alarm("a", "a", 0.5, clock_.now());
  made.harm = {.metric = "log_loss", .is_measured = true, .was = 0.5};
  made.harm.worse = {0.1, 0.05, 0.15};
  made.harm.earned = HarmRange{-120, -180, -60};
  made.served_rows = 100;
  made.affected_rows = 31;
  made.rows_where = "\"distance\" is null";
  made.columns = {"distance"};
  made.suspects = {"commit 12"};
  std::vector<Alarm> found = {made};
  ASSERT_TRUE(record_alarms(*ledger_, found, "monitor").ok());
  Json expected = to_json(found[0]);
  Json read = to_json(standing()[0].alarm());
  for (Json* one : {&expected, &read}) one->erase("is_new"), one->erase("leader");
  EXPECT_EQ(read, expected);
}

TEST_F(Incidents, OfAnAlarmOfAnOlderProgramTheHarmIsNotKnown) {
  const char* body =
      R"({"key":"k","kind":"drift","severity":0.5,"model":"","subject":"","what":"w",)"
      R"("since":"2026-03-02T00:00:00Z","how_much":"h","suspected_cause":"","next_step":""})";
  ASSERT_TRUE(ledger_->append({.kind = "alarm", .subject = "k", .author = "x", .body = body}).ok());
  ASSERT_EQ(standing().size(), 1U);
  EXPECT_EQ(standing()[0].number, 1);
  EXPECT_FALSE(standing()[0].alarm().harm.is_known());
}

TEST_F(Incidents, ADamagedDecisionIsNamedByItsEvent) {
  raise("a", 0.3);
  ASSERT_TRUE(ledger_
                  ->append({.kind = "alarm_decision",
                            .subject = "a",
                            .author = "x",
                            .body = R"({"alarm":1,"state":"gone","name":"x","reason":"y"})"})
                  .ok());
  const auto broken = incidents(*ledger_, clock_.now());
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, ErrorCode::damaged);
  EXPECT_THAT(broken.error().what, HasSubstr("event 2"));
}

}  // namespace
}  // namespace millgate
