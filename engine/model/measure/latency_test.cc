#include "model/measure/latency.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "ground/random.h"

namespace millgate {
namespace {

TEST(Percentile, IsTheNearestRank) {
  // The example of the nearest-rank method: 15, 20, 35, 40, 50.
  std::vector<double> values = {50, 15, 40, 35, 20};
  EXPECT_EQ(percentile(values, 0.05), 15);
  EXPECT_EQ(percentile(values, 0.30), 20);
  EXPECT_EQ(percentile(values, 0.40), 20);
  EXPECT_EQ(percentile(values, 0.50), 35);
  EXPECT_EQ(percentile(values, 1.00), 50);
  EXPECT_EQ(percentile(values, 0.00), 15);
  EXPECT_EQ(percentile({}, 0.5), 0);
}

TEST(LatencyHistogram, PercentilesAreWithinTheStatedError) {
  Random random(3);
  LatencyHistogram histogram;
  std::vector<double> seconds;
  double sum = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto nanos = static_cast<int64_t>(std::exp(12 + 2 * random.normal()) + 1000);
    histogram.add(nanos);
    seconds.push_back(static_cast<double>(nanos) * 1e-9);
    sum += seconds.back();
  }
  EXPECT_EQ(histogram.count(), 20000U);
  EXPECT_NEAR(histogram.sum_seconds(), sum, 1e-6);
  for (double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = percentile(seconds, share);
    EXPECT_GE(histogram.percentile_seconds(share), exact * (1 - 1e-6)) << share;
    EXPECT_LE(histogram.percentile_seconds(share), exact * 1.091) << share;
  }
}

TEST(LatencyHistogram, EndsOfTheScale) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.percentile_seconds(0.5), 0);
  histogram.add(-5);
  histogram.add(0);
  histogram.add(953);
  EXPECT_EQ(histogram.percentile_seconds(1), 954e-9);  // 2^-20 seconds
  EXPECT_EQ(histogram.count_in(0), 3U);
  histogram.add(std::numeric_limits<int64_t>::max() / 4);
  EXPECT_EQ(histogram.count(), 4U);
  EXPECT_GT(histogram.percentile_seconds(1), 60);
}

TEST(LatencyHistogram, CountsAtMost) {
  LatencyHistogram histogram;
  // 2^-20, 2^-19 and 2^-18 seconds, and longer ones.
  for (int64_t nanos : {954, 1907, 3815, 100'000, 5'000'000}) histogram.add(nanos);
  histogram.add(100'000'000'000);
  EXPECT_EQ(histogram.count_in(8), 1U);
  EXPECT_EQ(histogram.count_in(16), 1U);
  EXPECT_EQ(histogram.count_at_most(0), 0U);
  EXPECT_EQ(histogram.count_at_most(954e-9), 1U);
  EXPECT_EQ(histogram.count_at_most(3815e-9), 3U);
  EXPECT_EQ(histogram.count_at_most(3814e-9), 2U);
  EXPECT_EQ(histogram.count_at_most(0.01), 5U);
  EXPECT_EQ(histogram.count_at_most(60), 5U);  // 100 seconds are longer
  EXPECT_EQ(histogram.count_at_most(std::numeric_limits<double>::infinity()), 6U);
}

TEST(LatencyHistogram, LosesNothingWithSeveralThreads) {
  LatencyHistogram histogram;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) histogram.add(1000 * (1 + i % 500));
      });
    }
  }
  EXPECT_EQ(histogram.count(), 40000U);
  EXPECT_NEAR(histogram.sum_seconds(), 40000 * 250.5e-6, 1e-9);
}

}  // namespace
}  // namespace millgate
