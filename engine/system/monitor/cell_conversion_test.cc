#include "system/monitor/cell_conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "ground/random.h"

namespace millgate {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> values(double low, double high, size_t count = 40) {
  Random random(7);
  std::vector<double> made;
  for (size_t i = 0; i < count; ++i) made.push_back(low + (high - low) * random.uniform());
  return made;
}

std::string named(const std::vector<double>& stored, const std::function<double(double)>& send) {
  std::vector<double> sent;
  for (const double value : stored) sent.push_back(send(value));
  return name_conversion(stored, sent);
}

// Exact by definition: the international mile is 1,609.344 m, the pound 0.45359237 kg.
TEST(CellConversion, NamesTheUnitsOfDaily) {
  EXPECT_THAT(named(values(100, 2500), [](double v) { return v * 1.609344; }),
              HasSubstr("miles sent as kilometres (x 1.609)"));
  EXPECT_THAT(named(values(100, 2500), [](double v) { return v / 1.609344; }),
              HasSubstr("kilometres sent as miles"));
  EXPECT_THAT(named(values(-10, 35), [](double v) { return v * 9 / 5 + 32; }),
              HasSubstr("Celsius sent as Fahrenheit"));
  EXPECT_THAT(named(values(10, 100), [](double v) { return (v - 32) * 5 / 9; }),
              HasSubstr("Fahrenheit sent as Celsius"));
  EXPECT_THAT(named(values(40, 120), [](double v) { return v * 0.45359237; }),
              HasSubstr("pounds sent as kilograms"));
  EXPECT_THAT(named(values(5, 90), [](double v) { return v * 60; }),
              HasSubstr("minutes sent as seconds"));
}

TEST(CellConversion, SeesThroughRoundingToWholeNumbers) {
  EXPECT_THAT(named(values(100, 2500), [](double v) { return std::round(v * 1.609344); }),
              HasSubstr("miles sent as kilometres"));
}

TEST(CellConversion, OtherwiseOneFactorOrNothing) {
  EXPECT_THAT(named(values(100, 2500), [](double v) { return v * 2.7; }),
              HasSubstr("a constant factor (x 2.70)"));
  EXPECT_THAT(named(values(1, 9), [](double v) { return -v; }), HasSubstr("opposite sign"));
  EXPECT_THAT(named(values(1, 9), [](double) { return 0.0; }), HasSubstr("zero sent"));
  Random random(8);
  EXPECT_THAT(named(values(100, 2500), [&](double v) { return v * (1 + random.uniform()); }),
              IsEmpty());
  EXPECT_THAT(named(values(1, 9), [](double v) { return v; }), IsEmpty());
}

TEST(CellConversion, FewOrOddPairsExplainNothing) {
  EXPECT_THAT(name_conversion({}, {}), IsEmpty());
  EXPECT_THAT(named(values(100, 2500, 4), [](double v) { return v * 1.609344; }), IsEmpty());
  // A twentieth may be otherwise, and missing values do not count.
  auto stored = values(100, 2500, 100);
  std::vector<double> sent;
  for (size_t i = 0; i < stored.size(); ++i) {
    sent.push_back(i % 25 == 0 ? kNan : i % 26 == 0 ? 3.25 : stored[i] * 1.609344);
  }
  EXPECT_THAT(name_conversion(stored, sent), HasSubstr("miles sent as kilometres"));
  for (size_t i = 0; i < 20; ++i) sent[i] = 3.25;
  EXPECT_THAT(name_conversion(stored, sent), IsEmpty());
  const std::vector<double> infinite(10, std::numeric_limits<double>::infinity());
  EXPECT_THAT(name_conversion(infinite, std::vector<double>(10, 1.0)), IsEmpty());
  EXPECT_THAT(name_conversion(std::vector<double>(10, 0.0), std::vector<double>(10, 1.0)),
              IsEmpty());
}

}  // namespace
}  // namespace millgate
