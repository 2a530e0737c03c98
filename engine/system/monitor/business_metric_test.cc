#include "system/monitor/business_metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "ground/test_folder.h"
#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<MoneyDay> days_of(const std::vector<double>& per_prediction) {
  std::vector<MoneyDay> days;
  for (const double value : per_prediction) {
    days.push_back({.begin_micros = 0, .money = 10 * value, .prediction_count = 10});
  }
  return days;
}

TEST(MoneyFallTest, IsThatOfScipysWelch) {
  // scipy.stats.ttest_ind(before, after, equal_var=False); one split is possible.
  const auto fall = find_money_fall(days_of({10, 12, 11, 13, 9, 10, 12, 7, 8, 6, 7, 9}));
  ASSERT_TRUE(fall);
  EXPECT_EQ(fall->first_day, 7U);
  EXPECT_NEAR(fall->before, 11000, 1e-9);
  EXPECT_NEAR(fall->after, 7400, 1e-9);
  EXPECT_NEAR(fall->p_value, 0.0006952102241602179, 1e-12);
}

TEST(MoneyFallTest, ARiseAndChanceAndTooFewDaysAreNone) {
  EXPECT_FALSE(find_money_fall(days_of({7, 8, 6, 7, 9, 7, 8, 10, 12, 11, 13, 9})));
  EXPECT_FALSE(find_money_fall(days_of({10, 12, 11, 13, 9, 10, 12, 7, 8, 6, 7})));
  int64_t found = 0;
  Random random(5);
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> noise;
    for (int day = 0; day < 40; ++day) noise.push_back(10 + 2 * random.normal());
    found += find_money_fall(days_of(noise)) ? 1 : 0;
  }
  EXPECT_LE(found, 8) << "at most 1 % of quiet streams, and chance beyond it";
}

/// The day of the least sum of squares, by adding up every prediction.
size_t day_by_squares(const std::vector<MoneyDay>& kind) {
  size_t best = 0;
  double least = 1e300;
  for (size_t at = kMoneyDaysBefore; at + kMoneyDaysAfter <= kind.size(); ++at) {
    double squares = 0;
    for (const auto& [from, to] : {std::pair{size_t{0}, at}, std::pair{at, kind.size()}}) {
      double sum = 0, count = 0;
      for (size_t day = from; day < to; ++day) {
        sum += kind[day].money;
        count += static_cast<double>(kind[day].prediction_count);
      }
      for (size_t day = from; day < to; ++day) {
        const double rows = static_cast<double>(kind[day].prediction_count);
        if (rows > 0) squares += rows * std::pow(kind[day].money / rows - sum / count, 2);
      }
    }
    if (squares <= least) least = squares, best = at;
  }
  return best;
}

TEST(MoneyPrice, ChangesOnTheDayOfTheLeastSquares) {
  Random random(8);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<MoneyDay> kind(kMoneyDaysBefore + kMoneyDaysAfter + random.below(20));
    for (MoneyDay& day : kind) {
      day.prediction_count = static_cast<int64_t>(random.below(9));
      day.money = static_cast<double>(day.prediction_count) * 10 * random.normal();
    }
    kind.front().prediction_count = kind.back().prediction_count = 3;
    EXPECT_EQ(find_price_change(kind), day_by_squares(kind)) << "trial " << trial;
  }
  std::vector<MoneyDay> kind(20, {.begin_micros = 0, .money = 50, .prediction_count = 5});
  EXPECT_FALSE(find_price_change(kind)) << "one price";
  for (size_t day = 6; day < 20; ++day) kind[day] = {};
  EXPECT_EQ(find_price_change(kind), std::nullopt) << "one price before, none known after";
}

TEST(MoneyParts, AddUpToTheChange) {
  Random random(6);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<MoneyGroup> groups(4);
    double count_before = 0, count_after = 0, before = 0, after = 0;
    for (MoneyGroup& group : groups) {
      group.count_before = static_cast<int64_t>(1 + random.below(50));
      group.count_after = static_cast<int64_t>(1 + random.below(50));
      group.money_before = 100 * random.normal();
      group.money_after = 100 * random.normal();
      count_before += static_cast<double>(group.count_before);
      count_after += static_cast<double>(group.count_after);
      before += group.money_before;
      after += group.money_after;
    }
    const MoneyParts parts = part_money_change(groups);
    double sum = parts.mix;
    for (const double price : parts.price) sum += price;
    EXPECT_NEAR(sum, after / count_after - before / count_before, 1e-9) << "trial " << trial;
  }
}

TEST(ThresholdByPrices, EarnsMostOfAll) {
  MoneyCells cells;
  const std::array<double, 4> each = {100, -25, -20, 0};
  for (size_t at = 0; at < 4; ++at) {
    cells[at].count_after = 40;
    cells[at].money_after = 40 * each[at];
  }
  const auto threshold = threshold_by_prices(cells);
  ASSERT_TRUE(threshold);
  double best = 0, most = -1e300;
  for (double p = 0.001; p < 1; p += 0.001) {
    // What is earned where all above p get a yes, with probabilities that are uniform and true.
    const double yes = (1 - p * p) / 2 * each[0] + (1 - p - (1 - p * p) / 2) * each[1];
    const double no = p * p / 2 * each[2] + (p - p * p / 2) * each[3];
    if (yes + no > most) most = yes + no, best = p;
  }
  EXPECT_NEAR(*threshold, best, 0.001);
  cells[2].count_after = 29;
  EXPECT_FALSE(threshold_by_prices(cells));
}

class BusinessMetrics : public testing::Test {
 protected:
  BusinessMetrics() : rows_(watched_.four_weeks()) {
    WatchedProject::label(rows_);
    watched_.log(rows_);
  }

  static bool is_late(const ServedRow& row) {
    return row.event_micros >= kTestBegin + 14 * kTestDay;
  }

  /// What `earn` says of each row, by prediction.
  OutcomeTable outcomes(const std::function<double(const ServedRow&)>& earn) {
    std::string csv = "prediction_id,revenue\n";
    for (const ServedRow& row : rows_) {
      csv += WatchedProject::id_of(row) + "," + dump_json(Json(earn(row))) + "\n";
    }
    return {.paths = {write(csv)}};
  }

  std::string write(const std::string& csv) {
    std::ofstream(folder_.path("earned.csv")) << csv;
    return folder_.path("earned.csv");
  }

  MonitorReport watch(const OutcomeTable& table) {
    MonitorOptions options;
    options.outcomes = table;
    options.slices = {"carrier"};
    return watched_.watch(options);
  }

  static double by_decision(const ServedRow& row, double missed) {
    const bool yes = row.probability >= 0.5;
    if (yes) return row.label == 1 ? 100 : -25;
    return row.label == 1 ? missed : 0;
  }

  TestFolder folder_;
  WatchedProject watched_;
  std::vector<ServedRow> rows_;
};

TEST_F(BusinessMetrics, APriceThatChangedIsNamedWithTheThresholdThatFitsIt) {
  const MonitorReport report = watch(
      outcomes([](const ServedRow& row) { return by_decision(row, is_late(row) ? -200 : 0); }));
  ASSERT_THAT(report.alarms, SizeIs(1));
  const Alarm& alarm = report.alarms[0];
  EXPECT_EQ(alarm.kind, "money");
  EXPECT_THAT(alarm.what, HasSubstr("as good as ever"));
  EXPECT_EQ(to_string(alarm.since), "2026-03-16T00:00:00Z");
  EXPECT_THAT(alarm.suspected_cause, HasSubstr("price of missed: missed earn -200 each"));
  EXPECT_THAT(alarm.next_step, HasSubstr("true_positive = 100, false_positive = -25"));
  ASSERT_TRUE(report.business);
  EXPECT_NEAR(*report.business->threshold_best, 25.0 / 325, 1e-9);
  double before = 0, days = 0;
  for (int day = 0; day < 14; ++day) {
    double sum = 0, count = 0;
    for (const ServedRow& row : rows_) {
      if ((row.event_micros - kTestBegin) / kTestDay != day) continue;
      sum += by_decision(row, 0);
      ++count;
    }
    before += sum / count;
    ++days;
  }
  EXPECT_NEAR(report.business->fall->before, 1000 * before / days, 1e-6);
}

TEST_F(BusinessMetrics, TheDayIsThatOfThePriceWhereTheWorldSwings) {
  // From the 14th day a missed one costs. Hardly any comes true in the days after it, and so all
  // earnings fall later, and would tell the wrong day.
  int64_t quiet = 0;
  for (ServedRow& row : rows_) {
    const int64_t day = (row.event_micros - kTestBegin) / kTestDay;
    if (day >= 14 && day < 18 && row.label == 1 && row.probability < 0.5 && ++quiet % 8 != 0) {
      row.label = 0;
    }
  }
  WatchedProject other;
  other.log(rows_);
  MonitorOptions options;
  options.outcomes =
      outcomes([](const ServedRow& row) { return by_decision(row, is_late(row) ? -200 : 0); });
  const MonitorReport report = other.watch(options);
  ASSERT_TRUE(report.business && report.business->fall);
  std::vector<MoneyDay> days(28);
  for (const ServedRow& row : rows_) {
    MoneyDay& day = days[static_cast<size_t>((row.event_micros - kTestBegin) / kTestDay)];
    day.money += by_decision(row, is_late(row) ? -200 : 0);
    ++day.prediction_count;
  }
  EXPECT_GT(find_money_fall(days)->first_day, 14U) << "the test would show nothing";
  EXPECT_EQ(to_string(report.business->since), "2026-03-16T00:00:00Z");
  EXPECT_EQ(report.business->fall->first_day, 14U);
  EXPECT_THAT(report.business->causes.at(0).words, HasSubstr("before it was 0 each"));
}

TEST_F(BusinessMetrics, AMixThatMovedIsNamedByItsColumn) {
  // Nobody changed a price: the later weeks have hardly any of the carrier that pays.
  for (ServedRow& row : rows_) row.carrier = row.trip % 2 == 0 ? "DL" : "UA";
  for (ServedRow& row : rows_) {
    if (is_late(row) && row.trip % 10 != 0) row.carrier = "UA";
  }
  WatchedProject other;
  other.answer(rows_);
  WatchedProject::label(rows_);
  other.log(rows_);
  MonitorOptions options;
  options.outcomes = outcomes(
      [](const ServedRow& row) { return row.carrier == "DL" ? 50.0 + row.label.value() : 2; });
  options.slices = {"carrier"};
  const MonitorReport report = other.watch(options);
  ASSERT_TRUE(report.business && report.business->fall);
  ASSERT_FALSE(report.business->causes.empty());
  EXPECT_EQ(report.business->causes[0].kind + " " + report.business->causes[0].subject,
            "mix carrier");
  EXPECT_NEAR(report.business->causes[0].share, 1, 0.05);
}

TEST_F(BusinessMetrics, WhatStaysIsNoAlarm) {
  const MonitorReport report =
      watch(outcomes([](const ServedRow& row) { return by_decision(row, -20); }));
  EXPECT_THAT(report.alarms, IsEmpty());
  ASSERT_TRUE(report.business);
  EXPECT_FALSE(report.business->fall);
  EXPECT_THAT(report.business->windows, SizeIs(4));
}

TEST_F(BusinessMetrics, ByDayTheTillIsEnough) {
  std::string csv = "day,revenue\n";
  for (int day = 0; day < 28; ++day) {
    csv += to_string(Time{kTestBegin + day * kTestDay}).substr(0, 10) + "," +
           std::to_string((day < 20 ? 5000 : 3000) + 10 * (day % 7)) + "\n";
  }
  csv += "2030-01-01,5\n";
  const MonitorReport report = watch({.paths = {write(csv)}});
  ASSERT_TRUE(report.business && report.business->fall);
  EXPECT_FALSE(report.business->is_by_prediction);
  EXPECT_EQ(report.business->unknown_count, 1);
  EXPECT_EQ(to_string(report.business->since), "2026-03-22T00:00:00Z");
}

TEST_F(BusinessMetrics, AModelThatGotWorseIsNotAsGoodAsEver) {
  Random random(4);
  for (ServedRow& row : rows_) {
    if (is_late(row) && random.uniform() < 0.25) row.label = random.below(2);
  }
  WatchedProject other;
  other.log(rows_);
  MonitorOptions options;
  options.outcomes =
      outcomes([](const ServedRow& row) { return by_decision(row, is_late(row) ? -200 : 0); });
  const MonitorReport report = other.watch(options);
  ASSERT_TRUE(report.business && report.business->fall);
  EXPECT_TRUE(report.business->quality_fell);
  std::vector<std::string> said;
  for (const Alarm& alarm : report.alarms) {
    if (alarm.kind == "money") said.push_back(alarm.what);
  }
  EXPECT_THAT(said, testing::ElementsAre("predictions earn less, and the model is worse"));
}

TEST_F(BusinessMetrics, WhatWasToldOfPredictionsIsTakenByItselfAndTheLastCounts) {
  MonitorOptions options;
  EXPECT_FALSE(watched_.watch(options).business) << "nothing was told";
  const int64_t told = kTestBegin + 40 * kTestDay;
  const auto truth = [](const ServedRow& row) { return by_decision(row, -20); };
  watched_.log_outcomes(rows_, "b", told + 1, truth);
  watched_.log_outcomes(rows_, "a", told, [](const ServedRow&) { return 1e6; });
  watched_.log_outcomes(rows_, "c", told + 1, truth);
  const MonitorReport stored = watched_.watch(options);
  ASSERT_TRUE(stored.business);
  const MonitorReport from_file = watch(outcomes(truth));
  EXPECT_EQ(stored.business->money, "earned");
  EXPECT_TRUE(stored.business->is_by_prediction);
  ASSERT_EQ(stored.business->windows.size(), from_file.business->windows.size());
  for (size_t i = 0; i < stored.business->windows.size(); ++i) {
    EXPECT_EQ(stored.business->windows[i].money, from_file.business->windows[i].money);
    EXPECT_EQ(stored.business->windows[i].prediction_count,
              from_file.business->windows[i].prediction_count);
  }
  options.known = Time{told};
  const MonitorReport then = watched_.watch(options);
  ASSERT_TRUE(then.business) << "what was known then";
  EXPECT_GE(then.business->windows.front().money, 1e6);
}

TEST_F(BusinessMetrics, FaultsNameTheFileAndTheNextStep) {
  MonitorOptions options;
  const auto fault = [&](const std::string& csv) {
    options.outcomes = OutcomeTable{.paths = {write(csv)}};
    const auto report = monitor_served(watched_.repository(), options);
    return report.ok() ? std::string("none") : report.error().what + "; " + report.error().hint;
  };
  EXPECT_THAT(fault("prediction_id,note\na,b\n"),
              AllOf(HasSubstr("earned.csv"), HasSubstr("--money")));
  EXPECT_THAT(fault("revenue\n5\n"), HasSubstr("--outcome-id COLUMN or --outcome-day COLUMN"));
  EXPECT_THAT(fault("prediction_id,revenue\nnobody,5\n"), HasSubstr("joined by prediction_id"));
  options.outcomes = OutcomeTable{.paths = {"none.csv"}};
  EXPECT_FALSE(monitor_served(watched_.repository(), options).ok());
}

}  // namespace
}  // namespace millgate
