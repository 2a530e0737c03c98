#include "system/report/fare_lines.h"

#include <gmock/gmock.h>

#include <cmath>

namespace millgate {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

Stakeholder sales() {
  Stakeholder one;
  one.name = "sales";
  one.wants = "utility";
  one.at_least = 5;
  one.weight = 2;
  return one;
}

/// A model of which they get `value`, beside what serves.
Tradeoff both(const StakeholderValue& value) {
  Tradeoff tradeoff;
  tradeoff.choices.resize(2);
  tradeoff.choices[0].values = {value};
  tradeoff.choices[1].values = {{.value = 10}};
  tradeoff.choices[1].is_current = true;
  return tradeoff;
}

TEST(FareLines, SayWhatIsWantedAndHowItChanges) {
  const auto lines = fare_lines(both({.value = 123456.7,
                                      .change = 2.5,
                                      .change_lower = -0.5,
                                      .change_upper = 5.5,
                                      .fare = Fare::unknown}),
                                {sales()});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].wants, "utility, more is better, at least 5, counts 2 times");
  EXPECT_EQ(lines[0].serving, "10");
  EXPECT_EQ(lines[0].model, "123457");
  EXPECT_EQ(lines[0].change, "+2.5 (-0.5 to +5.5)");
  EXPECT_EQ(lines[0].outcome, "cannot be told");
  EXPECT_FALSE(is_bad(lines[0]));
}

TEST(FareLines, WhatIsUnacceptableIsSaidBeforeAGain) {
  const auto lines = fare_lines(
      both({.value = 4, .acceptable = false, .change = 1, .fare = Fare::gains}), {sales()});
  EXPECT_EQ(lines[0].outcome, "UNACCEPTABLE");
  EXPECT_TRUE(is_bad(lines[0]));
}

TEST(FareLines, WithoutAMeasuredModelThereIsNothingToSay) {
  Tradeoff tradeoff = both({.value = 1});
  tradeoff.choices[0].why_not = "it has seen the test rows";
  EXPECT_THAT(fare_lines(tradeoff, {sales()}), IsEmpty());
  tradeoff = both({.value = std::nan("")});
  tradeoff.choices[1].values.clear();
  EXPECT_EQ(fare_lines(tradeoff, {sales()})[0].model, "not known");
  EXPECT_EQ(fare_lines(tradeoff, {sales()})[0].serving, "not known");
}

}  // namespace
}  // namespace millgate
