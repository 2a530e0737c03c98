#include "system/pipeline/backtest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "ground/json.h"
#include "ground/random.h"
#include "system/pipeline/run.h"
#include "system/pipeline/test_pipeline.h"

namespace millgate {
namespace {

using testing::HasSubstr;

constexpr int64_t kDay = 86'400'000'000;

constexpr const char* kSettings = R"([project]
name = "calls"
[[source]]
name = "calls"
path = "calls.csv"
key = ["call"]
happened = "called"
[task]
table = "calls"
label = "sold = 1"
[features]
first = "first"
second = "second"
[train]
learner = "linear"
split = { by = "time", valid = "4d", test = "6d" }
)";

/// Calls half an hour apart for sixty days. What sells turns by `turns` from one feature to the
/// other in that time; the labels of days 30 to 36 are half by chance.
std::string calls(double turns) {
  Random random(11);
  std::string text = "call,called,first,second,sold\n";
  for (int i = 0; i < 60 * 48; ++i) {
    const Time at{1'767'225'600'000'000 + i * kDay / 48};
    const double angle = turns * i / (60 * 48.0);
    const double first = random.normal();
    const double second = random.normal();
    double chance = 1 / (1 + std::exp(-2 * (std::cos(angle) * first + std::sin(angle) * second)));
    if (i >= 30 * 48 && i < 36 * 48) chance = (chance + 0.5) / 2;
    text += std::to_string(i) + "," + to_string(at) + "," + std::to_string(first) + "," +
            std::to_string(second) + (random.uniform() < chance ? ",1\n" : ",0\n");
  }
  return text;
}

class BacktestTest : public testing::Test {
 protected:
  void commit(double turns) {
    project_.write("millgate.toml", kSettings);
    project_.write("calls.csv", calls(turns));
    (void)good(project_.commit());
  }
  Result<Backtest> backtest(const BacktestOptions& options = {},
                            const std::vector<std::string>& overrides = {}) {
    return run_backtest(project_.repository(), project_.read(overrides), options);
  }

  PipelineProject project_;
};

TEST_F(BacktestTest, TheNewestFreshModelIsThatOfARun) {
  commit(0);
  const Backtest made = good(backtest());
  EXPECT_EQ(made.metric, "auc");
  EXPECT_EQ(made.window_micros, 6 * kDay);
  RunOptions options;
  options.author = "tester";
  const RunReport run = good(run_pipeline(project_.repository(), project_.read(), options));
  const auto auc = std::find_if(run.evidence.begin(), run.evidence.end(), [](const Evidence& one) {
    return one.metric == "auc" && one.slice.empty();
  });
  ASSERT_NE(auc, run.evidence.end());
  EXPECT_EQ(made.cells.front().age, 0);
  EXPECT_DOUBLE_EQ(made.cells.front().value, auc->value);
  EXPECT_EQ(made.cells.front().row_count, auc->row_count);
  // Every model on its own window and on all newer ones.
  const auto trained = std::count_if(made.cells.begin(), made.cells.end(),
                                     [](const BacktestCell& one) { return one.age == 0; });
  EXPECT_GE(trained, 7);
  EXPECT_EQ(std::ssize(made.cells), trained * (trained + 1) / 2);
  EXPECT_EQ(std::ssize(made.ages), trained);
  EXPECT_EQ(made.ages.front().loss, 0);
}

TEST_F(BacktestTest, NothingIsLostWhereNothingChanges) {
  commit(0);
  BacktestOptions options;
  options.tolerance = 0.03;
  const Backtest made = good(backtest(options));
  for (const AgeLoss& one : made.ages) {
    EXPECT_NEAR(one.loss, 0, 0.02) << one.age;
    EXPECT_LE(one.lower, 0.005) << one.age;
  }
  EXPECT_EQ(made.advised_windows, static_cast<int>(made.ages.size()));
}

TEST_F(BacktestTest, WhatTurnsIsLostByAge) {
  commit(1.57);
  BacktestOptions options;
  options.tolerance = 0.05;
  const Backtest made = good(backtest(options));
  ASSERT_GE(made.ages.size(), 6U);
  EXPECT_GT(made.ages[4].loss, made.ages[1].loss);
  EXPECT_GT(made.ages[4].lower, 0);
  ASSERT_TRUE(made.advised_windows);
  EXPECT_LT(*made.advised_windows, static_cast<int>(made.ages.size()));
  EXPECT_GT(made.ages[static_cast<size_t>(*made.advised_windows)].loss, 0.05);
  for (int age = 0; age < *made.advised_windows; ++age) {
    EXPECT_LE(made.ages[static_cast<size_t>(age)].loss, 0.05);
  }
}

TEST_F(BacktestTest, IsKeptInTheLedger) {
  commit(0);
  BacktestOptions options;
  options.author = "tester";
  options.origins = 3;
  options.metric = "log_loss";
  const Backtest made = good(backtest(options));
  EXPECT_EQ(made.ages.size(), 3U);
  const auto events = good(project_.repository().ledger().events(0, "backtest"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events.front().author, "tester");
  EXPECT_EQ(good(parse_json(events.front().body, "event")), to_json(made));
  EXPECT_TRUE(to_json(made)["advised_windows"].is_null());
}

TEST_F(BacktestTest, ARequirementIsTheLimit) {
  commit(1.57);
  const Backtest made = good(backtest(
      {},
      {R"(requirement=[{metric="auc", at_least=0.7}, {metric="auc", slice="a=b", at_least=0.9}])"}));
  ASSERT_TRUE(made.tolerance);
  EXPECT_EQ(*made.tolerance, 0.7);
  EXPECT_EQ(made.tolerance_from, "requirement");
  for (int age = 0; age < *made.advised_windows; ++age) {
    EXPECT_GE(made.ages[static_cast<size_t>(age)].aged, 0.7);
  }
}

TEST_F(BacktestTest, SaysWhatCannotBeCompared) {
  commit(0);
  BacktestOptions options;
  options.metric = "recall_gap";
  const auto gap = backtest(options);
  ASSERT_FALSE(gap.ok());
  EXPECT_THAT(gap.error().what, HasSubstr("cannot be compared between ages"));
  const auto random = backtest({}, {"train.split={by=\"random\", share=0.2}"});
  ASSERT_FALSE(random.ok());
  EXPECT_THAT(random.error().what, HasSubstr("at random"));
  BacktestOptions wide;
  wide.window_micros = 50 * kDay;
  const auto short_of_rows = backtest(wide);
  ASSERT_FALSE(short_of_rows.ok());
  EXPECT_THAT(short_of_rows.error().what, HasSubstr("1 could be made"));
}

}  // namespace
}  // namespace millgate
