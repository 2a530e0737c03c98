#include "system/report/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Svg, CoordinatesHaveAtMostTwoDecimals) {
  EXPECT_EQ(coordinate(12.5), "12.5");
  EXPECT_EQ(coordinate(12.005), "12.01");  // The nearest double lies above.
  EXPECT_EQ(coordinate(100), "100");
  EXPECT_EQ(coordinate(0), "0");
  EXPECT_EQ(coordinate(-0.001), "0");
  EXPECT_EQ(coordinate(-3.25), "-3.25");
  EXPECT_EQ(coordinate(1e6), "1000000");
}

TEST(Svg, AScaleIsLinearAndMayRunDownwards) {
  const Scale down{.from = 0, .to = 2, .start = 300, .end = 100};
  EXPECT_EQ(down(0), 300);
  EXPECT_EQ(down(2), 100);
  EXPECT_EQ(down(0.5), 250);
  EXPECT_EQ(down(3), 0);
  const Scale empty{.from = 1, .to = 1, .start = 10, .end = 20};
  EXPECT_EQ(empty(1), 15) << "one value lies in the middle";
}

TEST(Svg, StepsAreOneTwoOrFiveTimesAPowerOfTen) {
  const auto step = [](double from, double to, int count) {
    return Scale{.from = from, .to = to, .start = 0, .end = 1}.step(count);
  };
  EXPECT_DOUBLE_EQ(step(0, 1, 5), 0.2);
  EXPECT_DOUBLE_EQ(step(0, 0.9, 5), 0.2);
  EXPECT_DOUBLE_EQ(step(0, 7, 5), 2);
  EXPECT_DOUBLE_EQ(step(0, 2400, 6), 500);
  EXPECT_DOUBLE_EQ(step(0, 0.003, 3), 0.001);
  EXPECT_EQ(step(3, 3, 5), 1) << "a loop over steps must end";
  EXPECT_EQ(step(0, kInfinity, 5), 1);
  EXPECT_EQ(step(kNan, 1, 5), 1);
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const double to = std::pow(10, random.uniform() * 12 - 6);
    const double found = step(0, to, 5);
    const double digit = found / std::pow(10, std::floor(std::log10(found) + 1e-9));
    EXPECT_TRUE(std::abs(digit - 1) < 1e-6 || std::abs(digit - 2) < 1e-6 ||
                std::abs(digit - 5) < 1e-6)
        << found;
    EXPECT_LE(to / found, 5.0 + 1e-9);
    EXPECT_GE(to / found, 2.0 - 1e-9);
  }
}

TEST(Svg, ShapesStandWhereTheyWereAsked) {
  Drawing drawing(100, 50, "a \"label\"");
  drawing.line({1, 2}, {3.5, 4}, "axis");
  drawing.circle({5, 6}, 2.5, "mark", "one & two");
  drawing.rectangle({7, 8}, 9, 0, "bar");
  drawing.text({10, 11}, "<b>", "faint", Anchor::end);
  EXPECT_EQ(drawing.svg(),
            "<svg viewBox=\"0 0 100 50\" style=\"max-width:100px\" role=\"img\" "
            "aria-label=\"a &quot;label&quot;\" xmlns=\"http://www.w3.org/2000/svg\">"
            "<line x1=\"1\" y1=\"2\" x2=\"3.5\" y2=\"4\" class=\"axis\"/>"
            "<circle cx=\"5\" cy=\"6\" r=\"2.5\" class=\"mark\"><title>one &amp; two</title>"
            "</circle><rect x=\"7\" y=\"8\" width=\"9\" height=\"0\" class=\"bar\"/>"
            "<text x=\"10\" y=\"11\" class=\"faint\" text-anchor=\"end\">&lt;b&gt;</text></svg>");
}

TEST(Svg, WhatIsNoPlaceIsLeftOut) {
  Drawing drawing(100, 50, "none");
  const std::string empty = drawing.svg();
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    drawing.line({bad, 0}, {1, 1}, "x");
    drawing.line({0, 0}, {1, bad}, "x");
    drawing.circle({0, bad}, 1, "x");
    drawing.circle({0, 0}, bad, "x");
    drawing.rectangle({0, 0}, bad, 1, "x");
    drawing.text({bad, 0}, "x");
  }
  drawing.rectangle({0, 0}, -1, 1, "x");
  drawing.path("", "x");
  EXPECT_EQ(drawing.svg(), empty);
}

}  // namespace
}  // namespace millgate
