#include "system/monitor/expected_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "system/monitor/calibration_track.h"
#include "system/monitor/test_monitor.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr int64_t kWeek = 7 * kTestDay;

/// Quality expected of served rows, with held-out rows that the model has not learned from.
class ExpectedWatch : public testing::Test {
 protected:
  /// `count` rows a week over `weeks`, answered by the model.
  std::vector<ServedRow> rows(int weeks, int64_t count = 1500, uint64_t seed = 5) {
    auto made = made_served_rows(seed, weeks * count, kTestBegin, 7 * 24 * 3600 / count);
    watched_.answer(made);
    return made;
  }

  /// Labels that come true with logistic(offset + logit(p)) in the rows from `from` on.
  static void label(std::vector<ServedRow>& rows, int64_t from, double offset, uint64_t seed) {
    Random random(seed);
    for (ServedRow& row : rows) {
      if (row.event_micros < from) continue;
      const double odds = row.probability / (1 - row.probability) * std::exp(offset);
      row.label = random.uniform() < odds / (1 + odds) ? 1 : 0;
    }
  }

  /// Three weeks before the first served row.
  HeldOutRows held_out() {
    auto made = made_served_rows(77, 4500, kTestBegin - 3 * kWeek, 403);
    watched_.answer(made);
    label(made, 0, 0, 78);
    HeldOutRows found;
    found.inputs = inputs_of(made);
    for (const ServedRow& row : made) {
      found.label.push_back(*row.label);
      found.event_micros.push_back(row.event_micros);
    }
    return found;
  }

  MonitorReport watch() {
    MonitorOptions options;
    options.tested_rows = [this](const Model&) { return Result<HeldOutRows>(held_out()); };
    return watched_.watch(options);
  }

  static const ExpectedMetric& metric(const MonitorWindow& window, const std::string& name) {
    for (const ExpectedMetric& one : window.expected->metrics) {
      if (one.metric == name) return one;
    }
    ADD_FAILURE() << name;
    return window.expected->metrics.front();
  }

  static double measured(const MonitorWindow& window, const std::string& name) {
    for (const Evidence& one : window.evidence) {
      if (one.metric == name && one.slice.empty()) return one.value;
    }
    ADD_FAILURE() << name;
    return 0;
  }

  WatchedProject watched_;
};

TEST_F(ExpectedWatch, WhatIsExpectedComesTrue) {
  auto served = rows(8);
  label(served, 0, 0, 6);
  watched_.log(served);
  const MonitorReport report = watch();
  int inside = 0;
  for (const MonitorWindow& window : report.models.at(0).windows) {
    ASSERT_TRUE(window.expected.has_value());
    EXPECT_EQ(window.expected->state, ExpectationState::holds) << window.expected->reason;
    for (const char* name : {"auc", "log_loss", "accuracy"}) {
      const ExpectedMetric& one = metric(window, name);
      inside += measured(window, name) >= one.lower && measured(window, name) <= one.upper ? 1 : 0;
      EXPECT_NEAR(one.value, measured(window, name), 0.05) << name;
    }
  }
  EXPECT_GE(inside, 22) << "of 24";
}

TEST_F(ExpectedWatch, UnlabelledWindowsAreExpectedFromHeldOutRowsAlone) {
  watched_.log(rows(2));
  const MonitorReport report = watch();
  const MonitorWindow& window = report.models.at(0).windows.at(0);
  EXPECT_EQ(window.maturity, 0);
  EXPECT_EQ(window.expected->known_count, 4500);
  EXPECT_EQ(window.expected->known_windows, 3);
  EXPECT_EQ(window.expected->state, ExpectationState::holds) << window.expected->reason;
  EXPECT_LT(window.expected->told_apart_auc, 0.55) << "the rows are of one distribution";
  EXPECT_FALSE(window.expected->is_weighted);
}

/// The world turns in week four, its labels come; from then on nobody can know.
TEST_F(ExpectedWatch, AChangedRelationIsNoNumber) {
  auto served = rows(7);
  label(served, 0, 0, 6);
  label(served, kTestBegin + 3 * kWeek, 2.0, 7);
  for (ServedRow& row : served) {
    if (row.event_micros >= kTestBegin + 4 * kWeek) row.label.reset();
  }
  watched_.log(served);
  const auto report = watch();
  const auto& windows = report.models.at(0).windows;
  EXPECT_EQ(windows.at(3).expected->state, ExpectationState::holds)
      << "the labels of the window itself are not used";
  const ExpectedQuality& after = *windows.at(4).expected;
  EXPECT_EQ(after.state, ExpectationState::cannot_know);
  EXPECT_TRUE(after.metrics.empty());
  EXPECT_THAT(after.reason, HasSubstr("the relation of rows and labels changed"));
}

TEST_F(ExpectedWatch, AfterAChangeWhatIsNewIsLearned) {
  auto served = rows(8);
  label(served, 0, 0, 6);
  label(served, kTestBegin + 3 * kWeek, 2.0, 7);
  watched_.log(served);
  const auto report = watch();
  const auto& windows = report.models.at(0).windows;
  EXPECT_EQ(windows.at(5).expected->state, ExpectationState::doubtful);
  EXPECT_THAT(windows.at(5).expected->reason, HasSubstr("since the relation"));
  EXPECT_EQ(windows.at(7).expected->state, ExpectationState::holds)
      << windows.at(7).expected->reason;
  EXPECT_NEAR(metric(windows.at(7), "accuracy").value, measured(windows.at(7), "accuracy"), 0.03);
}

/// Labels that came early are not taken for all.
TEST_F(ExpectedWatch, HalfOfTheLabelsTeachNothing) {
  auto served = rows(3);
  label(served, 0, 0, 6);
  for (ServedRow& row : served) {
    if (*row.label == 0) row.label.reset();  // Only what happened was reported so far.
  }
  watched_.log(served);
  const auto report = watch();
  const auto& windows = report.models.at(0).windows;
  EXPECT_EQ(windows.at(2).expected->known_count, 4500) << "held-out rows only";
}

TEST_F(ExpectedWatch, RowsOfAnotherKindAreDoubted) {
  auto served = rows(2);
  for (ServedRow& row : served) row.warmth += 60;
  watched_.answer(served);
  watched_.log(served);
  const auto report = watch();
  const ExpectedQuality& expected = *report.models.at(0).windows.at(0).expected;
  EXPECT_EQ(expected.state, ExpectationState::doubtful);
  EXPECT_GT(expected.told_apart_auc, 0.99);
  EXPECT_FALSE(expected.is_weighted);
  EXPECT_THAT(expected.reason, HasSubstr("hardly any labelled row"));
}

/// The carriers are calibrated differently and their mix moves: weighted rows know it.
TEST_F(ExpectedWatch, AMixThatMovedIsWeighted) {
  const auto label_by_carrier = [](std::vector<ServedRow>& rows, uint64_t seed) {
    Random random(seed);
    for (ServedRow& row : rows) {
      const double offset = row.carrier == "UA" ? 1.5 : -1.0;
      const double odds = row.probability / (1 - row.probability) * std::exp(offset);
      row.label = random.uniform() < odds / (1 + odds) ? 1 : 0;
    }
  };
  auto before = made_served_rows(77, 6000, kTestBegin - 3 * kWeek, 302);
  watched_.answer(before);
  label_by_carrier(before, 78);
  auto served = rows(1, 4000);
  std::erase_if(served, [](const ServedRow& row) { return row.carrier != "UA" && row.trip % 8; });
  label_by_carrier(served, 79);
  double right = 0;
  for (const ServedRow& row : served) {
    right += (row.probability >= 0.5) == (*row.label == 1) ? 1 : 0;
  }
  const double truth = right / static_cast<double>(served.size());
  for (ServedRow& row : served) row.label.reset();
  watched_.log(served);
  MonitorOptions options;
  options.tested_rows = [&](const Model&) {
    HeldOutRows found;
    found.inputs = inputs_of(before);
    for (const ServedRow& row : before) {
      found.label.push_back(*row.label);
      found.event_micros.push_back(row.event_micros);
    }
    return Result<HeldOutRows>(found);
  };
  const auto report = watched_.watch(options);
  const MonitorWindow& window = report.models.at(0).windows.at(0);
  EXPECT_TRUE(window.expected->is_weighted) << window.expected->told_apart_auc;
  EXPECT_GT(window.expected->effective_share, 0.2);
  EXPECT_LT(window.expected->effective_share, 0.95);
  std::vector<double> probability;
  std::vector<double> label;
  for (const ServedRow& row : before) {
    probability.push_back(row.probability);
    label.push_back(*row.label);
  }
  std::vector<double> scores;
  for (const ServedRow& row : served) scores.push_back(row.probability);
  const auto unweighted = expected_metrics(*fit_curve({probability, label, {}}), scores, 0.5, 1);
  double plain_error = 0;
  for (const ExpectedMetric& one : unweighted) {
    if (one.metric == "accuracy") plain_error = std::abs(one.value - truth);
  }
  EXPECT_LT(std::abs(metric(window, "accuracy").value - truth), plain_error / 2);
}

}  // namespace
}  // namespace millgate
