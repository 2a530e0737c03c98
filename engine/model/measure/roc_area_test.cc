#include "model/measure/roc_area.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ground/random.h"

namespace millgate {
namespace {

/// scipy.stats.mannwhitneyu(pos, neg, alternative='greater', use_continuity=False,
/// method='asymptotic'), and the variance of placements by NumPy.
TEST(AreaTest, IsThatOfMannAndWhitney) {
  const std::vector<double> negatives = {0.1, 0.4, 0.4, 0.35, 0.8, 0.2};
  const std::vector<double> positives = {0.4, 0.9, 0.7, 0.8, 0.3};
  const AreaTest test = area_test(negatives, positives);
  EXPECT_NEAR(test.auc, 0.75, 1e-15);
  EXPECT_NEAR(upper_tail((test.auc - 0.5) / std::sqrt(test.null_variance)), 0.08300528218546649,
              1e-12);
  EXPECT_NEAR(test.variance, 0.025055555555555557, 1e-12);
}

TEST(AreaTest, EqualScoresTellNothing) {
  const std::vector<double> same(5, 0.5);
  const AreaTest test = area_test(same, same);
  EXPECT_EQ(test.auc, 0.5);
  EXPECT_NEAR(test.null_variance, 0, 1e-15);
  EXPECT_EQ(area_test({}, same).auc, 0.5);
}

TEST(AreaTest, IntervalsHoldTheTruthAsOftenAsTheySay) {
  // Of normals one deviation apart the area is Phi(1 / sqrt 2).
  const double truth = 1 - upper_tail(1 / std::sqrt(2.0));
  int held = 0;
  for (uint64_t round = 0; round < 400; ++round) {
    Random random = Random::stream(1, "area", round);
    std::vector<double> negatives(80);
    std::vector<double> positives(40);
    for (double& one : negatives) one = random.normal();
    for (double& one : positives) one = 1 + random.normal();
    const AreaTest test = area_test(negatives, positives);
    held += std::abs(test.auc - truth) <= 1.96 * std::sqrt(test.variance) ? 1 : 0;
  }
  EXPECT_GE(held, 365);  // 95 % of 400 is 380, less 3.5 deviations.
}

}  // namespace
}  // namespace millgate
