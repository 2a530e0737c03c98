#include "system/report/calibration_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millgate {
namespace {

using testing::HasSubstr;

// scipy 1.17.1: binomtest(count, rows).proportion_ci(method="wilson")
TEST(CalibrationPlot, IntervalsAreThoseOfWilson) {
  ShareInterval interval = wilson_interval(0.3, 100);
  EXPECT_NEAR(interval.lower, 0.21894885294932764, 1e-12);
  EXPECT_NEAR(interval.upper, 0.39584854633346667, 1e-12);
  interval = wilson_interval(0, 10);
  EXPECT_NEAR(interval.lower, 0, 1e-12);
  EXPECT_NEAR(interval.upper, 0.27753279986288926, 1e-12);
  interval = wilson_interval(1, 10);
  EXPECT_NEAR(interval.lower, 0.7224672001371109, 1e-12);
  EXPECT_NEAR(interval.upper, 1, 1e-12);
  EXPECT_EQ(wilson_interval(0.5, 0).lower, 0) << "nothing is known of no rows";
  EXPECT_EQ(wilson_interval(0.5, 0).upper, 1);
}

TEST(CalibrationPlot, DotsLieWhereTheBinsSay) {
  // The upper end of the interval at 0.75 of 1,000,000 rows is 0.751, so the axes end at 0.8:
  // x runs from 52 to 406, y from 334 up to 14.
  const std::string svg = calibration_plot({{0.2, 0.4, 1'000'000}, {0.6, 0.75, 1'000'000}});
  EXPECT_THAT(svg, HasSubstr("cx=\"140.5\" cy=\"174\""));  // 52 + 354 / 4, 334 - 320 / 2
  EXPECT_THAT(svg, HasSubstr("cx=\"317.5\" cy=\"34\""));   // 52 + 354 * 3 / 4, 334 - 320 * 15/16
  EXPECT_THAT(svg, HasSubstr("predicted 20 %, happened 40 % of 1,000,000 rows"));
}

TEST(CalibrationPlot, NoBinsAreNoFault) { EXPECT_THAT(calibration_plot({}), HasSubstr("</svg>")); }

}  // namespace
}  // namespace millgate
