#include "system/monitor/alarm_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millgate {
namespace {

using testing::ElementsAre;

constexpr int64_t kWeek = 7LL * 24 * 3600 * 1'000'000;

Alarm alarm_of(const std::string& kind, const std::string& subject, double severity, int64_t week,
               const std::string& model = "m") {
  Alarm made;
  made.key = kind + "/" + model + "/" + subject;
  made.kind = kind;
  made.subject = subject;
  made.severity = severity;
  made.model = model;
  made.since = Time{week * kWeek};
  made.what = subject + " is wrong";
  made.served_rows = made.affected_rows = 1000;
  return made;
}

/// "leader: other other" of each incident.
std::vector<std::string> grouped_alarms(std::vector<Alarm> alarms, const MonitorReport& report) {
  group_alarms(alarms, report);
  std::vector<std::string> found;
  for (const Alarm& alarm : alarms) {
    if (alarm.leads()) {
      found.push_back(alarm.kind + " " + alarm.subject);
    } else {
      found.back() += ", " + alarm.kind + " " + alarm.subject;
    }
  }
  return found;
}

MonitorReport weekly() {
  MonitorReport report;
  report.window_micros = kWeek;
  return report;
}

TEST(AlarmGroups, DecayAndTheDriftBeforeItAreOneIncident) {
  EXPECT_THAT(
      grouped_alarms({alarm_of("drift", "warmth", 0.6, 1), alarm_of("quality", "auc", 0.9, 3)},
                     weekly()),
      ElementsAre("quality auc, drift warmth"));
  EXPECT_THAT(
      grouped_alarms({alarm_of("drift", "warmth", 0.6, 5), alarm_of("quality", "auc", 0.9, 3)},
                     weekly()),
      ElementsAre("quality auc", "drift warmth"))
      << "what comes after is no cause";
}

TEST(AlarmGroups, DriftThatDoesNoHarmAndFewRowsExplainNothing) {
  Alarm drift = alarm_of("drift", "warmth", 0.15, 1);
  drift.harm = {.metric = "log_loss", .was = 0.5};
  drift.harm.worse = {0, -0.004, 0.004};
  ASSERT_TRUE(drift.harm.is_none());
  Alarm few = alarm_of("category", "carrier", 0.4, 1);
  few.affected_rows = 20;
  EXPECT_THAT(grouped_alarms({drift, few, alarm_of("quality", "auc", 0.9, 3)}, weekly()),
              ElementsAre("quality auc", "category carrier", "drift warmth"));
  few.affected_rows = 400;
  EXPECT_THAT(grouped_alarms({drift, few, alarm_of("quality", "auc", 0.9, 3)}, weekly()),
              ElementsAre("quality auc, category carrier", "drift warmth"));
}

TEST(AlarmGroups, OfSeveralCausesTheGravestTakesTheLossAndTellsWhatItIs) {
  std::vector<Alarm> alarms = {alarm_of("unit", "distance", 1.0, 1),
                               alarm_of("drift", "warmth", 0.5, 0),
                               alarm_of("quality", "auc", 0.9, 1)};
  alarms[0].next_step = "look at distance";
  group_alarms(alarms, weekly());
  ASSERT_EQ(alarms[0].subject, "distance");
  ASSERT_EQ(alarms[1].subject, "auc");
  EXPECT_EQ(alarms[1].leader, alarms[0].key);
  EXPECT_EQ(alarms[1].suspected_cause, "distance is wrong, since 1970-01-08");
  EXPECT_EQ(alarms[1].next_step, "look at distance");
  EXPECT_TRUE(alarms[2].leads());
}

TEST(AlarmGroups, InputsThatGoWrongInOneWindowHaveOneCause) {
  EXPECT_THAT(grouped_alarms({alarm_of("skew", "a", 0.8, 2), alarm_of("skew", "b", 0.7, 2),
                              alarm_of("missing", "c", 0.5, 4)},
                             weekly()),
              ElementsAre("skew a, skew b", "missing c"));
}

TEST(AlarmGroups, TheSameTroubleOfAnotherModelIsTheSameIncident) {
  EXPECT_THAT(grouped_alarms({alarm_of("unit", "distance", 1.0, 1, "before"),
                              alarm_of("unit", "distance", 1.0, 6, "after"),
                              alarm_of("drift", "warmth", 0.5, 3, "after")},
                             weekly()),
              ElementsAre("unit distance, unit distance", "drift warmth"));
}

TEST(AlarmGroups, ALimitOfGroupsJoinsWhatBeganBesideIt) {
  EXPECT_THAT(grouped_alarms({alarm_of("drift", "warmth", 0.5, 0),
                              alarm_of("requirement", "recall_gap [by plan]", 0.92, 5)},
                             weekly()),
              ElementsAre("requirement recall_gap [by plan]", "drift warmth"));
  EXPECT_THAT(grouped_alarms({alarm_of("drift", "warmth", 0.5, 4),
                              alarm_of("requirement", "recall_gap [by plan]", 0.92, 5)},
                             weekly()),
              ElementsAre("requirement recall_gap [by plan], drift warmth"));
}

TEST(AlarmGroups, AgeJoinsWhatAnOldModelLoses) {
  EXPECT_THAT(
      grouped_alarms({alarm_of("age", "", 0.45, 9), alarm_of("drift", "warmth", 0.5, 1)}, weekly()),
      ElementsAre("drift warmth, age "));
  EXPECT_THAT(
      grouped_alarms({alarm_of("age", "", 0.45, 9), alarm_of("labels", "feed", 0.6, 1)}, weekly()),
      ElementsAre("labels feed", "age "));
}

TEST(AlarmGroups, MoneyJoinsByTheQualityOrByAColumn) {
  MonitorReport report = weekly();
  report.business.emplace();
  Alarm money = alarm_of("money", "revenue", 0.93, 5, "");
  const Alarm quality = alarm_of("quality", "auc", 0.9, 4);
  EXPECT_THAT(grouped_alarms({money, quality}, report),
              ElementsAre("money revenue", "quality auc"));
  report.business->quality_fell = true;
  EXPECT_THAT(grouped_alarms({money, quality}, report), ElementsAre("money revenue, quality auc"));
  report.business->quality_fell = false;
  money.columns = {"plan"};
  Alarm drift = alarm_of("drift", "plan", 0.5, 4);
  drift.columns = {"plan", "fee"};
  EXPECT_THAT(grouped_alarms({money, drift}, report), ElementsAre("money revenue, drift plan"));
}

}  // namespace
}  // namespace millgate
