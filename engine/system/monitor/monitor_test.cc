#include "system/monitor/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>

#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> keys_of(const MonitorReport& report) {
  std::vector<std::string> keys;
  for (const Alarm& alarm : report.alarms) keys.push_back(alarm.kind + " " + alarm.subject);
  return keys;
}

class Monitor : public testing::Test {
 protected:
  const ColumnDrift& drift_of(const MonitorReport& report, const std::string& name) {
    for (const ColumnDrift& column : report.models.at(0).drift) {
      if (column.name == name) return column;
    }
    ADD_FAILURE() << name;
    return report.models.at(0).drift.front();
  }

  WatchedProject watched_;
};

TEST_F(Monitor, AQuietStreamRaisesNothing) {
  for (uint64_t seed = 11; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    WatchedProject quiet;
    auto rows = quiet.four_weeks(seed);
    quiet.commit_table(rows);
    WatchedProject::label(rows, seed + 100);
    quiet.log(rows);
    const MonitorReport report = quiet.watch();
    EXPECT_THAT(keys_of(report), IsEmpty()) << report.alarms.front().how_much;
    ASSERT_EQ(report.models.size(), 1U);
    EXPECT_EQ(report.models[0].windows.size(), 4U);
    EXPECT_EQ(report.models[0].row_count, 2000);
    EXPECT_EQ(report.models[0].replay.replayed_count, 2000);
    EXPECT_EQ(report.models[0].replay.differing_count, 0) << "equal bit by bit";
    EXPECT_EQ(report.models[0].table.matched_count, 2000);
    EXPECT_THAT(report.answer, HasSubstr("no alarm"));
  }
}

TEST_F(Monitor, AModelOlderThanTheBackTestAdvisesIsOneAlarm) {
  auto rows = watched_.four_weeks();
  watched_.commit_table(rows);
  watched_.log(rows);
  Ledger& ledger = watched_.repository().ledger();
  const auto append = [&](const std::string& kind, const std::string& body) {
    ASSERT_TRUE(ledger
                    .append({.kind = kind,
                             .subject = watched_.model().id().hex(),
                             .author = "tester",
                             .body = body})
                    .ok());
  };
  append("run", R"({"test_from": "2026-02-20T00:00:00Z"})");
  // Trained on the 20th of February and last asked on the 29th of March: 37 days.
  append("backtest",
         R"({"window_seconds": 604800, "advised_windows": 6, "ages": [1,2,3,4,5,6,7]})");
  EXPECT_THAT(keys_of(watched_.watch()), IsEmpty()) << "42 days are advised";
  append("backtest",
         R"({"window_seconds": 604800, "advised_windows": 5, "ages": [1,2,3,4,5,6,7]})");
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("age "));
  EXPECT_EQ(report.alarms[0].how_much, "37 days, at most 35 days by event " +
                                           std::to_string(report.models[0].age->backtest_event));
  EXPECT_EQ(to_string(report.alarms[0].since).substr(0, 10), "2026-03-27");
}

TEST_F(Monitor, AnEmptyLogIsSaid) {
  const MonitorReport report = watched_.watch();
  EXPECT_THAT(report.answer, HasSubstr("the prediction log is empty"));
  EXPECT_THAT(report.models, IsEmpty());
  watched_.log(watched_.four_weeks());
  MonitorOptions later;
  later.from = Time{kTestBegin + 100 * kTestDay};
  EXPECT_THAT(watched_.watch(later).answer, HasSubstr("from 2026-03-02 to 2026-03-29"));
}

TEST_F(Monitor, MilesSentAsKilometresIsOneAlarmThatNamesThem) {
  auto rows = watched_.four_weeks();
  watched_.commit_table(rows);
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 14 * kTestDay) row.distance *= 1.609344;
  }
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("unit distance"));
  const Alarm& alarm = report.alarms[0];
  EXPECT_THAT(alarm.what, HasSubstr("miles sent as kilometres"));
  EXPECT_THAT(alarm.how_much, AllOf(HasSubstr("50 % of 2,000 rows"), HasSubstr("commit ")));
  EXPECT_EQ(to_string(alarm.since), "2026-03-16T00:00:00Z");
  const TableSkewColumn& cells = report.models[0].table.columns.at(0);
  EXPECT_EQ(cells.name, "distance");
  EXPECT_EQ(cells.differing_count, 999);
  EXPECT_NEAR(*cells.median_ratio, 1.609344, 1e-9);
  EXPECT_EQ(cells.examples.size(), 3U);
}

TEST_F(Monitor, WithoutTheTableTheUnitIsSuspectedFromTheDistribution) {
  auto rows = watched_.four_weeks();
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 14 * kTestDay) row.warmth = (row.warmth - 32) * 5 / 9;
  }
  // The training is in Celsius, so this is Fahrenheit taken for Celsius twice: no real unit.
  watched_.answer(rows);
  watched_.log(rows);
  EXPECT_EQ(keys_of(watched_.watch()).size(), 1U);

  WatchedProject other;
  rows = other.four_weeks();
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 14 * kTestDay) row.warmth = row.warmth * 9 / 5 + 32;
  }
  other.answer(rows);
  other.log(rows);
  const MonitorReport report = other.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("unit warmth"));
  EXPECT_THAT(report.alarms[0].what, HasSubstr("Celsius sent as Fahrenheit"));
  EXPECT_THAT(report.alarms[0].suspected_cause, HasSubstr("suspected from the distribution"));
}

TEST_F(Monitor, FahrenheitSentAsCelsiusIsProvedByTheTable) {
  auto rows = watched_.four_weeks();
  watched_.commit_table(rows);
  for (ServedRow& row : rows) row.warmth = row.warmth * 9 / 5 + 32;
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("unit warmth"));
  EXPECT_THAT(report.alarms[0].what, HasSubstr("degrees Celsius sent as Fahrenheit"));
  EXPECT_THAT(report.alarms[0].how_much, HasSubstr("100 % of 2,000 rows"));
}

TEST_F(Monitor, AFieldThatIsNoLongerSentIsOneAlarm) {
  auto rows = watched_.four_weeks();
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 21 * kTestDay) row.warmth = kMissing;
  }
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("missing warmth"));
  EXPECT_EQ(to_string(report.alarms[0].since), "2026-03-23T00:00:00Z");
}

TEST_F(Monitor, ANewCategoryIsOneAlarm) {
  auto rows = watched_.four_weeks();
  for (size_t i = 0; i < rows.size(); i += 7) rows[i].carrier = "B6";
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("category carrier"));
  EXPECT_THAT(report.alarms[0].what, HasSubstr("B6"));
  EXPECT_THAT(report.alarms[0].how_much, HasSubstr("14 % of 2,000 rows"));
}

TEST_F(Monitor, AWorldThatMovedIsOneAlarmThatNamesTheColumns) {
  auto rows = watched_.four_weeks();
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 7 * kTestDay) row.warmth += 11;
  }
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("drift warmth"));
  EXPECT_EQ(to_string(report.alarms[0].since), "2026-03-09T00:00:00Z");
  EXPECT_EQ(drift_of(report, "distance").verdict, "none");
}

/// Mean log loss of labels that come true as often as the model says.
double entropy_of(const std::vector<ServedRow>& rows) {
  double sum = 0;
  for (const ServedRow& row : rows) {
    const double p = row.probability;
    sum -= p * std::log(p) + (1 - p) * std::log(1 - p);
  }
  return sum / static_cast<double>(rows.size());
}

/// Rows of which every label is known, as the model was tested on.
FindTestedRows tested_on(const WatchedProject& watched) {
  return [&watched](const Model&) -> Result<HeldOutRows> {
    auto rows = watched.training();
    WatchedProject::label(rows, 8);
    HeldOutRows found;
    found.inputs = inputs_of(rows);
    for (const ServedRow& row : rows) {
      found.label.push_back(*row.label);
      found.event_micros.push_back(row.event_micros);
    }
    return found;
  };
}

TEST_F(Monitor, DriftIsWeighedByWhatItDoesToTheLoss) {
  for (const bool is_harmful : {true, false}) {
    WatchedProject watched;
    auto rows = watched.four_weeks();
    Random random(21);
    for (ServedRow& row : rows) {
      // Where the model is least sure, or where it is most sure.
      if (is_harmful) row.distance = 100 + 800 * random.uniform();
      if (!is_harmful) row.warmth += 8;
    }
    watched.answer(rows);
    watched.log(rows);
    MonitorOptions options;
    options.tested_rows = tested_on(watched);
    const double was = entropy_of(watched.training());
    const double expected = entropy_of(rows) - was;
    const MonitorReport report = watched.watch(options);
    const ColumnDrift& column = drift_of(report, is_harmful ? "distance" : "warmth");
    ASSERT_EQ(column.verdict, "large");
    const AlarmHarm& harm = column.harm;
    ASSERT_TRUE(harm.is_known()) << harm.note;
    // Rows also move within the ten bins, of which the estimate knows nothing.
    EXPECT_NEAR(harm.worse.change, expected, 0.35 * std::abs(expected));
    EXPECT_EQ(harm.is_sure(), is_harmful);
    EXPECT_NEAR(harm.was, was, 0.02);
    EXPECT_GT(std::abs(expected), 0.02) << "the test tells something";
    EXPECT_EQ(harm.is_none(), !is_harmful);
    EXPECT_EQ(report.alarms.empty(), !is_harmful) << "what does no harm wakes nobody";
  }
}

TEST_F(Monitor, WhatNoLabelledRowIsLikeCannotBeWeighed) {
  auto rows = watched_.four_weeks();
  for (ServedRow& row : rows) row.warmth += 60;
  watched_.answer(rows);
  watched_.log(rows);
  MonitorOptions options;
  options.tested_rows = tested_on(watched_);
  const MonitorReport report = watched_.watch(options);
  const AlarmHarm& harm = drift_of(report, "warmth").harm;
  EXPECT_FALSE(harm.is_known());
  EXPECT_THAT(harm.note, HasSubstr("hardly any labelled row"));
  EXPECT_FALSE(report.alarms.empty()) << "not known is not none";
}

TEST_F(Monitor, DecayAndDriftOfTheSameWeeksAreOneIncident) {
  auto rows = watched_.four_weeks();
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 14 * kTestDay) row.warmth += 11;
  }
  watched_.answer(rows);
  WatchedProject::label(rows);
  Random random(12);
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 14 * kTestDay) row.label = random.below(2) == 0 ? 1 : 0;
  }
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("quality auc", "drift warmth"));
  EXPECT_EQ(report.alarms[1].incident, report.alarms[0].event_number);
  EXPECT_THAT(report.alarms[0].suspected_cause, HasSubstr("warmth differs from the training rows"));
  EXPECT_NEAR(static_cast<double>(report.alarms[0].served_rows), 1000, 1);
  const AlarmHarm& harm = report.alarms[0].harm;
  EXPECT_TRUE(harm.is_measured && harm.is_sure());
  EXPECT_EQ(harm.metric, "auc");
  EXPECT_THAT(report.answer, HasSubstr("1 incident (1 new)"));
}

TEST_F(Monitor, ACommitOfTheTableBeforeItBeganIsASuspect) {
  auto rows = watched_.four_weeks();
  watched_.project().clock().set(Time{kTestBegin + 5 * kTestDay});
  watched_.commit_table(rows);
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 7 * kTestDay) row.warmth += 11;
  }
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_FALSE(report.alarms.empty());
  const Commit tip = good(watched_.repository().resolve("main"));
  ASSERT_THAT(report.alarms[0].suspects, ElementsAre(HasSubstr(tip.id.brief())));
  EXPECT_THAT(report.alarms[0].suspects[0], HasSubstr("changed trips"));
}

TEST_F(Monitor, ValuesThatAreNotThoseOfTheTableAreSkew) {
  auto rows = watched_.four_weeks();
  watched_.commit_table(rows);
  Random random(6);
  for (size_t i = 0; i < rows.size(); i += 10) rows[i].distance += random.uniform() * 50;
  watched_.answer(rows);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("skew distance"));
  EXPECT_THAT(report.alarms[0].how_much, HasSubstr("10 % of 2,000 rows"));
  EXPECT_EQ(report.models[0].table.columns[0].suspicion, "");
}

TEST_F(Monitor, RowsThatWereNotFoundCannotBeCompared) {
  auto rows = watched_.four_weeks();
  auto other = rows;
  for (ServedRow& row : other) row.trip += 1'000'000;
  watched_.commit_table(other);
  watched_.log(rows);
  const TableSkew table = watched_.watch().models[0].table;
  EXPECT_EQ(table.logged_count, 2000);
  EXPECT_EQ(table.matched_count, 0);
  EXPECT_THAT(table.note, HasSubstr("none of 2,000 logged rows"));
}

TEST_F(Monitor, ReplayFindsOneWrongBit) {
  auto rows = watched_.four_weeks();
  rows[700].probability = std::nextafter(rows[700].probability, 1.0);
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  const ReplaySkew& replay = report.models[0].replay;
  EXPECT_EQ(replay.replayed_count, 2000);
  EXPECT_EQ(replay.differing_count, 1);
  EXPECT_GT(replay.difference_max, 0);
  EXPECT_LT(replay.difference_max, 1e-15);
  ASSERT_EQ(replay.examples.size(), 1U);
  EXPECT_THAT(replay.examples[0], HasSubstr(WatchedProject::id_of(rows[700])));
  EXPECT_THAT(keys_of(report), ElementsAre("skew probability"));
}

TEST_F(Monitor, LateAndPartialLabelsAreSaidAndMeasured) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  for (ServedRow& row : rows) {
    // Labels of the last week have not come yet, of the week before a half.
    const int64_t day = (row.event_micros - kTestBegin) / kTestDay;
    if (day >= 21 || (day >= 14 && row.trip % 2 == 0)) row.label.reset();
  }
  watched_.log(rows);
  const ModelWatch watch = watched_.watch().models.at(0);
  ASSERT_EQ(watch.windows.size(), 4U);
  EXPECT_EQ(watch.windows[0].maturity, 1);
  EXPECT_NEAR(watch.windows[2].maturity, 0.5, 0.01);
  EXPECT_EQ(watch.windows[3].labelled_count, 0);
  EXPECT_THAT(watch.windows[3].evidence, IsEmpty());
  EXPECT_THAT(watch.windows[3].note, HasSubstr("0 labels came"));
  EXPECT_EQ(watch.all.labelled_count, watch.windows[0].labelled_count +
                                          watch.windows[1].labelled_count +
                                          watch.windows[2].labelled_count);
}

TEST_F(Monitor, DecayIsAnAlarmAndSinceWhen) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  Random random(12);
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 14 * kTestDay) row.label = random.below(2) == 0 ? 1 : 0;
  }
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("quality auc"));
  EXPECT_EQ(to_string(report.alarms[0].since), "2026-03-16T00:00:00Z");
  EXPECT_THAT(report.alarms[0].next_step, HasSubstr("millgate rollback"));
}

TEST_F(Monitor, AGapBetweenRowsIsAnAlarm) {
  auto rows = watched_.four_weeks();
  std::erase_if(rows, [](const ServedRow& row) {
    const int64_t day = (row.event_micros - kTestBegin) / kTestDay;
    return day >= 7 && day < 21;
  });
  watched_.log(rows);
  const MonitorReport report = watched_.watch();
  ASSERT_THAT(keys_of(report), ElementsAre("log gap"));
  EXPECT_THAT(report.alarms[0].how_much, HasSubstr("2026-03-09 to 2026-03-23"));
  ASSERT_EQ(report.models[0].windows.size(), 4U);
  EXPECT_EQ(report.models[0].windows[1].row_count, 0);
}

TEST_F(Monitor, CopiedFilesAreAnAlarm) {
  const auto rows = watched_.four_weeks();
  watched_.log(rows, "a");
  watched_.log({rows.begin(), rows.begin() + 300}, "b");
  const MonitorReport report = watched_.watch();
  EXPECT_EQ(report.log.duplicate_count, 300);
  EXPECT_EQ(report.models[0].row_count, 2000);
  EXPECT_THAT(keys_of(report), ElementsAre("log duplicates"));
}

TEST_F(Monitor, ARowsOfAModelThatIsNotHereAreShownAndNotJudged) {
  auto rows = watched_.four_weeks();
  watched_.log(rows, "a", "feedfeedfeed");
  const MonitorReport report = watched_.watch();
  ASSERT_EQ(report.models.size(), 1U);
  EXPECT_EQ(report.models[0].model, "feedfeedfeed");
  EXPECT_THAT(report.models[0].note, HasSubstr("not in this project's store"));
  EXPECT_THAT(report.models[0].drift, IsEmpty());
}

TEST_F(Monitor, AnAlarmIsNewOnce) {
  auto rows = watched_.four_weeks();
  watched_.commit_table(rows);
  for (ServedRow& row : rows) row.distance *= 1.609344;
  watched_.answer(rows);
  watched_.log(rows);
  MonitorOptions look;
  look.record = false;
  EXPECT_EQ(watched_.watch(look).alarms.at(0).event_number, 0) << "it was asked not to record";
  const MonitorReport first = watched_.watch();
  ASSERT_EQ(first.alarms.size(), 1U);
  EXPECT_TRUE(first.alarms[0].is_new);
  EXPECT_THAT(first.answer, HasSubstr("1 incident (1 new)"));
  const int64_t head = good(watched_.repository().ledger().head());
  const MonitorReport second = watched_.watch();
  ASSERT_EQ(second.alarms.size(), 1U);
  EXPECT_FALSE(second.alarms[0].is_new);
  EXPECT_EQ(second.alarms[0].event_number, first.alarms[0].event_number);
  EXPECT_EQ(good(watched_.repository().ledger().head()), head);
}

TEST_F(Monitor, QualityByASliceThatWasNeverLoggedIsToldAndTheOthersMeasured) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  watched_.log(rows);
  MonitorOptions options;
  options.slices = {"carrier", "carier"};
  const MonitorReport report = watched_.watch(options);
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0], AllOf(HasSubstr("`carier`"), HasSubstr("`carrier`?")));
  bool measured = false;
  for (const Evidence& one : report.models[0].all.evidence) {
    measured |= one.metric == "auc" && one.slice == "carrier=UA";
  }
  EXPECT_TRUE(measured);
}

TEST_F(Monitor, AWindowWithoutALengthIsRefused) {
  MonitorOptions options;
  options.window_micros = 0;
  const auto report = monitor_served(watched_.repository(), options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::invalid_input);
}

TEST_F(Monitor, TheSameLogGivesTheSameReport) {
  auto rows = watched_.four_weeks();
  WatchedProject::label(rows);
  for (ServedRow& row : rows) row.warmth += 11;
  watched_.answer(rows);
  watched_.log(rows);
  (void)watched_.watch();
  EXPECT_EQ(dump_json(to_json(watched_.watch())), dump_json(to_json(watched_.watch())));
}

/// A column that moved three days ago is diluted in thirty, and an alarm all the same.
TEST_F(Monitor, WhatLastsIsAnAlarmBeforeItIsLargeInAll) {
  auto rows = made_served_rows(31, 12'000, kTestBegin, 30 * 24 * 3600 / 12'000);
  for (ServedRow& row : rows) {
    if (row.event_micros >= kTestBegin + 26 * kTestDay) row.warmth += 8;
  }
  watched_.answer(rows);
  watched_.log(rows);
  MonitorOptions daily;
  daily.window_micros = kTestDay;
  const MonitorReport report = watched_.watch(daily);
  const ColumnDrift& warmth = drift_of(report, "warmth");
  EXPECT_NE(warmth.verdict, "large") << "over all thirty days";
  ASSERT_TRUE(warmth.lasting_since.has_value());
  EXPECT_EQ(warmth.lasting_since->micros, kTestBegin + 26 * kTestDay);
  ASSERT_THAT(keys_of(report), ElementsAre("drift warmth"));
  EXPECT_EQ(report.alarms[0].since, *warmth.lasting_since);
}

/// Every weekend is another kind of day, and passes.
TEST_F(Monitor, AWeekendIsNoAlarm) {
  for (const int days : {7, 14, 21, 27, 28}) {
    SCOPED_TRACE(days);
    WatchedProject weekly;
    auto rows = made_served_rows(32, days * 400, kTestBegin, 24 * 3600 / 400);
    for (ServedRow& row : rows) {
      const int64_t day = (row.event_micros - kTestBegin) / kTestDay % 7;
      if (day >= 5) row.warmth += 6;
    }
    weekly.answer(rows);
    weekly.log(rows);
    MonitorOptions daily;
    daily.window_micros = kTestDay;
    EXPECT_THAT(keys_of(weekly.watch(daily)), IsEmpty());
  }
}

/// Labels came a day after their rows, and from the fifth week on no more.
TEST_F(Monitor, ADeadFeedOfLabelsIsAnAlarm) {
  auto rows = made_served_rows(33, 7 * 500, kTestBegin, 7 * 24 * 3600 / 500);
  watched_.answer(rows);
  watched_.log(rows);
  for (int week = 0; week < 4; ++week) {
    std::vector<ServedRow> labelled(rows.begin() + week * 500, rows.begin() + (week + 1) * 500);
    WatchedProject::label(labelled, static_cast<uint64_t>(40 + week));
    watched_.log_labels(labelled, "week" + std::to_string(week),
                        kTestBegin + (week + 1) * 7 * kTestDay + kTestDay);
  }
  const MonitorReport report = watched_.watch();
  ASSERT_TRUE(report.log.label_delay_micros.has_value());
  EXPECT_GT(*report.log.label_delay_micros, kTestDay);
  EXPECT_LE(*report.log.label_delay_micros, 8 * kTestDay);
  ASSERT_THAT(keys_of(report), ElementsAre("labels feed"));
  EXPECT_EQ(report.alarms[0].since.micros, kTestBegin + 28 * kTestDay);
  EXPECT_THAT(report.alarms[0].how_much,
              AllOf(HasSubstr("0 labels came for 501 rows"), HasSubstr("within 8 days before")))
      << "those of the newest weeks are not due yet";
}

}  // namespace
}  // namespace millgate
