#include "system/monitor/served_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Requirement asked(const std::string& metric, Bound bound, double limit) {
  Requirement one;
  one.metric = metric;
  one.bound = bound;
  one.limit = limit;
  return one;
}

Requirement of_gap(const std::string& metric, const std::string& column, double limit) {
  Requirement one = asked(metric, Bound::at_most, limit);
  one.by = {column};
  one.slice = "by " + column;
  return one;
}

Evidence measured(const std::string& metric, const std::string& slice, double value) {
  Evidence one{.metric = metric, .value = value};
  one.slice = slice;
  one.lower = value - 0.05;
  one.upper = value + 0.05;
  return one;
}

TEST(ServedLimit, WhatOnlyTheGateCanMeasureIsLeftToIt) {
  Requirement two_columns = of_gap("recall_gap", "carrier", 0.1);
  two_columns.by = {"carrier", "plan"};
  Requirement found = asked("auc", Bound::at_least, 0.6);
  found.slice = kFoundSlices;
  Requirement disturbed = asked("auc", Bound::at_least, 0.6);
  disturbed.circumstance = "under noise";
  const std::vector<Requirement> all = {asked("auc", Bound::at_least, 0.7),
                                        of_gap("recall_gap", "carrier", 0.1),
                                        asked("auc", Bound::better_by, 0.01),
                                        two_columns,
                                        found,
                                        disturbed};
  std::vector<std::string> names;
  for (const ServedLimit& one : served_limits(all)) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("auc", "recall_gap [by carrier]"));
}

TEST(ServedLimit, OnlyAWholeIntervalOnTheWrongSideMisses) {
  const ServedLimit limit{.name = "auc", .metric = "auc", .limit = 0.7};
  EXPECT_EQ(missed_by(limit, {measured("auc", "", 0.66)}), nullptr) << "0.61 to 0.71";
  EXPECT_EQ(missed_by(limit, {measured("auc", "carrier=AA", 0.5)}), nullptr) << "another slice";
  const std::vector<Evidence> low = {measured("auc", "", 0.6)};
  EXPECT_EQ(missed_by(limit, low), low.data());
  const ServedLimit most{.name = "", .metric = "auc", .at_least = false, .limit = 0.5};
  EXPECT_EQ(missed_by(most, low), low.data());
}

TEST(ServedLimit, AGapNamesTheGroupsThatAreSoFarApart) {
  const std::vector<Evidence> all = {
      measured("recall", "carrier=AA", 0.5), measured("recall", "carrier=DL", 0.9),
      measured("recall", "carrier=UA", 0.1), measured("recall_gap", "by carrier", 0.4)};
  // UA has too few rows to count: the gap says so by its size.
  EXPECT_EQ(gap_text(all[3], all), "recall 0.500 of AA to 0.900 of DL");
  EXPECT_EQ(gap_text(all[0], all), "");
  EXPECT_EQ(gap_text(measured("recall_gap", "by plan", 0.4), all), "");
}

class ServedLimits : public testing::Test {
 protected:
  /// Every third true label of carrier DL is lost to the model: it says 0.
  std::vector<ServedRow> unfair_rows() {
    auto rows = watched_.four_weeks();
    WatchedProject::label(rows);
    for (ServedRow& row : rows) {
      if (row.carrier == "DL") row.probability *= 0.4;
    }
    return rows;
  }

  /// Recall of `carrier`, counted by hand.
  static double recall_of(const std::vector<ServedRow>& rows, const std::string& carrier) {
    double positive = 0;
    double found = 0;
    for (const ServedRow& row : rows) {
      if (row.carrier != carrier || row.label != 1) continue;
      ++positive;
      found += row.probability >= 0.5 ? 1 : 0;
    }
    return found / positive;
  }

  WatchedProject watched_;
};

TEST_F(ServedLimits, AGroupThatIsNotFoundIsOneAlarmThatNamesIt) {
  const auto rows = unfair_rows();
  watched_.log(rows);
  MonitorOptions options;
  options.limits = served_limits(std::vector{of_gap("recall_gap", "carrier", 0.2)});
  const MonitorReport report = watched_.watch(options);
  std::vector<Alarm> found;
  for (const Alarm& alarm : report.alarms) {
    if (alarm.kind == "requirement") found.push_back(alarm);
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "recall_gap [by carrier]");
  EXPECT_THAT(found[0].how_much, AllOf(HasSubstr("of DL to "), HasSubstr("at most 0.200")));
  double highest = 0;
  for (const char* carrier : {"AA", "UA"}) highest = std::max(highest, recall_of(rows, carrier));
  for (const Evidence& one : report.models.at(0).all.evidence) {
    if (one.metric != "recall_gap") continue;
    EXPECT_NEAR(one.value, highest - recall_of(rows, "DL"), 1e-12);
  }
  EXPECT_EQ(to_string(found[0].since), "2026-03-02T00:00:00Z");
}

TEST_F(ServedLimits, WhatIsMetIsNoAlarm) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  watched_.log(rows);
  MonitorOptions options;
  options.limits = served_limits(
      std::vector{of_gap("recall_gap", "carrier", 0.9), asked("auc", Bound::at_least, 0.6)});
  EXPECT_THAT(watched_.watch(options).alarms, IsEmpty());
}

TEST_F(ServedLimits, AQualityThatMissesItsLimitIsNotToldTwice) {
  auto rows = watched_.four_weeks();
  Random random(12);
  for (ServedRow& row : rows) row.label = random.below(2) == 0 ? 1 : 0;
  watched_.log(rows);
  MonitorOptions options;
  options.limits = served_limits(std::vector{asked("auc", Bound::at_least, 0.6)});
  const MonitorReport report = watched_.watch(options);
  ASSERT_EQ(report.alarms.size(), 1U);
  EXPECT_EQ(report.alarms[0].kind, "requirement");
  EXPECT_THAT(report.alarms[0].next_step, HasSubstr("millgate rollback"));
}

}  // namespace
}  // namespace millgate
