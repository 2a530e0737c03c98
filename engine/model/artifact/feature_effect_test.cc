#include "model/artifact/feature_effect.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

TEST(FeatureEffect, MeansByHand) {
  const std::vector<double> contributions = {1, 0, -3, 0, 5, 0};
  const auto effects = feature_effects(contributions, 2, 1);
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(effects[0].mean_absolute, 3);
  EXPECT_EQ(effects[0].mean, 1);
  EXPECT_LE(effects[0].lower, 3);
  EXPECT_GE(effects[0].upper, 3);
  EXPECT_EQ(effects[1].mean_absolute, 0);
  EXPECT_EQ(effects[1].lower, 0);
  EXPECT_EQ(effects[1].upper, 0);
}

TEST(FeatureEffect, NoRowsAndOneRow) {
  EXPECT_EQ(feature_effects({}, 3, 1).size(), 3U);
  EXPECT_TRUE(feature_effects({}, 0, 1).empty());
  const auto effects = feature_effects(std::vector<double>{-2}, 1, 1);
  EXPECT_EQ(effects[0].lower, 2);
  EXPECT_EQ(effects[0].upper, 2);
}

// The interval of a mean covers the true one about as often as it says: of 200 samples of 100
// numbers |N(0, 1)|, whose mean is sqrt(2 / pi). Binomial(200, 0.95) is below 178 once in 2000.
TEST(FeatureEffect, IntervalsCoverTheTruth) {
  const double truth = std::sqrt(2 / std::acos(-1.0));
  int covered = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    std::vector<double> contributions(100);
    for (double& one : contributions) one = random.normal();
    const auto effects = feature_effects(contributions, 1, seed);
    covered += effects[0].lower <= truth && truth <= effects[0].upper ? 1 : 0;
  }
  EXPECT_GE(covered, 176);
  EXPECT_LT(covered, 200);
}

TEST(FeatureEffect, SameSeedSameNumbers) {
  const std::vector<double> contributions = {1, 2, 3, 4, 5, 6, 7, 9};
  EXPECT_EQ(feature_effects(contributions, 1, 4)[0].lower,
            feature_effects(contributions, 1, 4)[0].lower);
  EXPECT_NE(feature_effects(contributions, 1, 4)[0].lower,
            feature_effects(contributions, 1, 5)[0].lower);
}

}  // namespace
}  // namespace millgate
