#include "model/measure/shift_harm.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ShiftHarm, IsTheDifferenceOfStandardisedMeans) {
  // By hand: 0.2 * 1 + 0.8 * 3 - (0.5 * 1 + 0.5 * 3) = 0.6. Of the variance: the means differ by 2,
  // so shares give 4 * 0.25 / 10 and 4 * 0.16 / 100; bins give 0.09 * (0.5 / 50 + 2 / 25).
  const std::vector<LossBin> losses = {{50, 1, 0.5}, {25, 3, 2}};
  const std::vector<int64_t> reference = {5, 5};
  const std::vector<int64_t> current = {20, 80};
  const ShiftHarm harm = shift_harm(losses, reference, current, 1);
  EXPECT_NEAR(harm.change, 0.6, 1e-12);
  const double deviation = std::sqrt(0.1 + 0.0064 + 0.09 * (0.01 + 0.08));
  EXPECT_NEAR(harm.upper - harm.change, deviation, 1e-12);
  EXPECT_NEAR(harm.change - harm.lower, deviation, 1e-12);
  EXPECT_EQ(harm.unknown_share, 0);
}

TEST(ShiftHarm, WhatNoLabelledRowTellsOfIsUnknownAndLeftOut) {
  const std::vector<LossBin> losses = {{50, 1, 0}, {kHarmBinRows - 1, 9, 1}, {50, 2, 0}, {}};
  const std::vector<int64_t> reference = {10, 10, 10, 0};
  const std::vector<int64_t> current = {10, 30, 30, 30};
  const ShiftHarm harm = shift_harm(losses, reference, current, 1);
  EXPECT_NEAR(harm.change, (0.25 * 1 + 0.75 * 2) - 1.5, 1e-12);
  EXPECT_NEAR(harm.unknown_share, 0.6, 1e-12);
  const ShiftHarm nothing = shift_harm(losses, reference, std::vector<int64_t>{0, 5, 0, 5}, 1);
  EXPECT_EQ(nothing.unknown_share, 1);
  EXPECT_EQ(nothing.change, 0);
}

TEST(ShiftHarm, ItsIntervalHoldsWhatIsTrueAsOftenAsItSays) {
  // Rows are drawn anew each time; the truth is known from the laws they are drawn by.
  const std::vector<double> before = {0.6, 0.3, 0.1};
  const std::vector<double> now = {0.3, 0.3, 0.4};
  const std::vector<double> risk = {0.1, 0.3, 0.8};
  const double truth = (0.3 - 0.6) * 0.1 + (0.4 - 0.1) * 0.8;
  Random random(11);
  const auto draw = [&](const std::vector<double>& shares) {
    const double at = random.uniform();
    return at < shares[0] ? 0.0 : at < shares[0] + shares[1] ? 1.0 : 2.0;
  };
  int held = 0;
  constexpr int kTrials = 1000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> labelled, losses, reference, current;
    for (int i = 0; i < 300; ++i) {
      labelled.push_back(draw(before));
      losses.push_back(random.uniform() < risk[static_cast<size_t>(labelled.back())] ? 1 : 0);
      reference.push_back(draw(before));
      current.push_back(draw(now));
    }
    const FeatureBins bins(reference, true);
    const ShiftHarm harm = shift_harm(bins.losses(labelled, losses), bins.counts(reference),
                                      bins.counts(current), 1.959964);
    held += harm.lower <= truth && truth <= harm.upper ? 1 : 0;
  }
  // 95 % of 1,000, within three standard deviations of a count.
  EXPECT_THAT(static_cast<double>(held), DoubleNear(950, 21));
}

TEST(FeatureBins, AreDecilesCategoriesAndWhatIsMissing) {
  const std::vector<double> codes = {2, 0, 2, kNaN, 5};
  const FeatureBins categories(codes, true);
  EXPECT_EQ(categories.count(), 5U);
  EXPECT_THAT(categories.counts(codes), ElementsAre(1, 2, 1, 0, 1));
  EXPECT_THAT(categories.counts(std::vector<double>{9, 7, kNaN}), ElementsAre(0, 0, 0, 2, 1));
  std::vector<double> numbers;
  for (int i = 0; i < 1000; ++i) numbers.push_back(i);
  const FeatureBins deciles(numbers, false);
  EXPECT_EQ(deciles.count(), 11U);
  for (size_t b = 0; b < 10; ++b) EXPECT_NEAR(deciles.counts(numbers)[b], 100, 1);
  EXPECT_EQ(deciles.of(-std::numeric_limits<double>::infinity()), 0U);
  EXPECT_EQ(deciles.of(std::numeric_limits<double>::infinity()), 9U);
  const FeatureBins none({}, false);
  EXPECT_EQ(none.of(1), 0U);
  EXPECT_EQ(none.of(kNaN), 1U);
}

TEST(FeatureBins, LossesHaveMeanAndVarianceOfTheirBin) {
  const std::vector<double> values = {1, 1, 1, 2};
  const FeatureBins bins(values, true);
  const auto losses = bins.losses(values, std::vector<double>{1, 2, 6, 7});
  EXPECT_EQ(losses[0].row_count, 3);
  EXPECT_NEAR(losses[0].mean, 3, 1e-12);
  EXPECT_NEAR(losses[0].variance, 7, 1e-12);
  EXPECT_EQ(losses[1].row_count, 1);
  EXPECT_EQ(losses[1].variance, 0);
}

}  // namespace
}  // namespace millgate
