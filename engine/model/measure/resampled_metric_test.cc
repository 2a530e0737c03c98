#include "model/measure/resampled_metric.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ground/random.h"
#include "model/measure/measured_rows.h"

namespace millgate {
namespace {

/// The same, row by row: the chosen ones gathered and measured by the functions of quality.h.
struct Gathered {
  std::vector<double> label, prediction;
  [[nodiscard]] Outcome outcome() const { return {label, prediction}; }
};

TEST(ResampledMetric, IsTheMetricOfTheGatheredRows) {
  const MeasuredRows rows(500);
  constexpr int kResamples = 8;
  const auto found = resample_metric(rows.outcome(), "auc", kResamples, 5);
  const auto losses = resample_metric(rows.outcome(), "log_loss", kResamples, 5);
  ASSERT_TRUE(found.ok() && losses.ok());
  EXPECT_NEAR(found->value, *auc(rows.outcome()), 1e-12);
  for (int b = 0; b < kResamples; ++b) {
    Random random = Random::stream(5, "resampled metric", static_cast<uint64_t>(b));
    std::vector<int> times(500, 0);
    for (int i = 0; i < 500; ++i) ++times[random.below(500)];
    Gathered in, out;
    for (size_t i = 0; i < 500; ++i) {
      Gathered& side = times[i] == 0 ? out : in;
      for (int k = 0; k < std::max(times[i], 1); ++k) {
        side.label.push_back(rows.label[i]);
        side.prediction.push_back(rows.prediction[i]);
      }
    }
    const auto at = static_cast<size_t>(b);
    EXPECT_NEAR(found->in_bag[at], *auc(in.outcome()), 1e-12);
    EXPECT_NEAR(found->out_of_bag[at], *auc(out.outcome()), 1e-12);
    EXPECT_NEAR(losses->in_bag[at], *log_loss(in.outcome()), 1e-12);
    EXPECT_NEAR(losses->out_of_bag[at], *log_loss(out.outcome()), 1e-12);
  }
}

TEST(ResampledMetric, RegressionAndWhatCannotBe) {
  const std::vector<double> label{1, 2, 3, 4}, prediction{1, 2, 3, 6};
  const auto found = resample_metric({label, prediction}, "rmse", 3, 1);
  ASSERT_TRUE(found.ok());
  EXPECT_DOUBLE_EQ(found->value, 1);
  EXPECT_EQ(found->in_bag.size(), 3U);
  const std::vector<double> ones(4, 1.0);
  EXPECT_TRUE(std::isnan(resample_metric({ones, label}, "auc", 1, 1)->value));
  EXPECT_FALSE(resample_metric({label, prediction}, "recall", 1, 1).ok());
  EXPECT_FALSE(resample_metric({label, prediction}, "latency_ms_p50", 1, 1).ok());
  EXPECT_FALSE(resample_metric({label, std::span(ones).first(2)}, "rmse", 1, 1).ok());
  EXPECT_FALSE(resample_metric({}, "rmse", 1, 1).ok());
}

}  // namespace
}  // namespace millgate
