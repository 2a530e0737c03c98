#include "model/measure/paired_metric.h"

#include <gmock/gmock.h>

#include <cmath>

#include "ground/random.h"
#include "model/measure/measured_rows.h"

namespace millgate {
namespace {

using testing::HasSubstr;

std::vector<double> pulled_to_half(const std::vector<double>& predictions, double share) {
  std::vector<double> pulled;
  pulled.reserve(predictions.size());
  for (const double p : predictions) pulled.push_back(p + share * (0.5 - p));
  return pulled;
}

TEST(PairedMetric, LossIsTheDifferenceOfTheMetricTowardsWorse) {
  const MeasuredRows rows(500);
  const std::vector<std::vector<double>> others = {pulled_to_half(rows.prediction, 0.5),
                                                   pulled_to_half(rows.prediction, 0.9)};
  for (const char* metric : {"log_loss", "brier"}) {
    const auto paired = PairedMetric::make(rows.outcome(), {.metric = metric});
    ASSERT_TRUE(paired.ok());
    const auto of = [&](const std::vector<double>& p) {
      const Outcome outcome{.label = rows.label, .prediction = p};
      return metric == std::string("brier") ? *brier(outcome) : *log_loss(outcome);
    };
    const MetricLoss loss = paired->loss(others);
    ASSERT_EQ(loss.each.size(), 2);
    EXPECT_NEAR(loss.each[0], of(others[0]) - of(rows.prediction), 1e-12);
    EXPECT_NEAR(loss.each[1], of(others[1]) - of(rows.prediction), 1e-12);
    EXPECT_NEAR(loss.value, (loss.each[0] + loss.each[1]) / 2, 1e-15);
    EXPECT_NEAR(loss.deviation(), std::abs(loss.each[0] - loss.each[1]) / 2, 1e-15);
  }
}

TEST(PairedMetric, HigherIsBetterTurnsTheSign) {
  const MeasuredRows rows(500);
  std::vector<double> reversed;
  reversed.reserve(rows.prediction.size());
  for (const double p : rows.prediction) reversed.push_back(1 - p);
  const auto paired = PairedMetric::make(rows.outcome(), {.metric = "auc"});
  ASSERT_TRUE(paired.ok());
  const double area = auc(rows.outcome()).value();
  EXPECT_NEAR(paired->loss_of(reversed).value, area - (1 - area), 1e-12);
}

/// The interval of a mean of differences is near the normal one.
TEST(PairedMetric, IntervalIsThatOfPairedRows) {
  const MeasuredRows rows(2000);
  const auto other = pulled_to_half(rows.prediction, 0.3);
  double sum = 0;
  double squares = 0;
  for (size_t i = 0; i < other.size(); ++i) {
    const double before = rows.prediction[i] - rows.label[i];
    const double after = other[i] - rows.label[i];
    const double one = after * after - before * before;
    sum += one;
    squares += one * one;
  }
  const double n = 2000;
  const double mean = sum / n;
  const double half = 1.96 * std::sqrt((squares / n - mean * mean) / n);
  const auto paired = PairedMetric::make(rows.outcome(), {.metric = "brier", .resamples = 1000});
  ASSERT_TRUE(paired.ok());
  const MetricLoss loss = paired->loss_of(other);
  EXPECT_NEAR(loss.lower.value(), mean - half, 0.15 * half);
  EXPECT_NEAR(loss.upper.value(), mean + half, 0.15 * half);
}

TEST(PairedMetric, EqualPredictionsHaveNoLoss) {
  const MeasuredRows rows(300);
  const auto paired = PairedMetric::make(rows.outcome(), {.metric = "auc"});
  const MetricLoss loss = paired->loss_of(rows.prediction);
  EXPECT_EQ(loss.value, 0);
  EXPECT_EQ(loss.lower, 0);
  EXPECT_EQ(loss.upper, 0);
  EXPECT_FALSE(loss.is_above_zero());
}

TEST(PairedMetric, RegressionByItsOwnMetrics) {
  const std::vector<double> label = {1, 2, 3, 4};
  const std::vector<double> base = {1, 2, 3, 5};
  const std::vector<double> other = {1, 2, 3, 7};
  const auto paired = PairedMetric::make({.label = label, .prediction = base},
                                         {.metric = "rmse", .regression = true});
  ASSERT_TRUE(paired.ok());
  EXPECT_NEAR(paired->value(), 0.5, 1e-15);
  EXPECT_NEAR(paired->loss_of(other).value, 1.0, 1e-15);
}

TEST(PairedMetric, RefusesWhatCannotBeCompared) {
  const MeasuredRows rows(50);
  const auto wrong = PairedMetric::make(rows.outcome(), {.metric = "log_los"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().hint, HasSubstr("log_loss"));
  const std::vector<double> ones(50, 1);
  const auto one_class =
      PairedMetric::make({.label = ones, .prediction = rows.prediction}, {.metric = "auc"});
  ASSERT_FALSE(one_class.ok());
  EXPECT_THAT(one_class.error().what, HasSubstr("undefined"));
  EXPECT_FALSE(PairedMetric::make({}, {}).ok());
}

}  // namespace
}  // namespace millgate
