#include "model/measure/number_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ground/json.h"
#include "ground/random.h"
#include "model/measure/number_tally.h"

namespace millgate {
namespace {

NumberSketch sketch_of(const std::vector<double>& values) {
  NumberTally tally;
  for (const double value : values) tally.add(value);
  return tally.take();
}

/// Numbers of several kinds, some of which fill more buckets than are kept.
std::vector<std::vector<double>> kinds_of_numbers(Random& random) {
  const std::vector<std::function<double()>> kinds = {
      [&] { return random.normal() * 1'000; },
      [&] { return std::exp(random.normal()); },
      [&] { return std::exp(7 * random.normal()) * (random.uniform() < 0.3 ? -1 : 1); },
      [&] { return std::floor(random.uniform() * 24); },
      [&] { return random.uniform() < 0.5 ? 0.0 : 1e6 * random.uniform(); },
      [&] { return -1.5e9 - random.uniform(); },
  };
  std::vector<std::vector<double>> all;
  for (const auto& kind : kinds) {
    std::vector<double>& values = all.emplace_back();
    for (int i = 0; i < 20'000; ++i) values.push_back(kind());
  }
  return all;
}

TEST(NumberSketch, QuantilesAreWithinTheStatedErrorOfTheTrueOnes) {
  Random random(11);
  int levels = 0;
  for (const std::vector<double>& values : kinds_of_numbers(random)) {
    const NumberSketch sketch = sketch_of(values);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sketch.count(), sorted.size());
    EXPECT_EQ(sketch.lowest(), sorted.front());
    EXPECT_EQ(sketch.highest(), sorted.back());
    EXPECT_LE(sketch.buckets().size(), NumberSketch::kBucketsMax);
    levels += sketch.level() > 0 ? 1 : 0;
    for (int percent = 0; percent <= 100; ++percent) {
      const double share = percent / 100.0;
      const double exact =
          sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
      EXPECT_LE(std::abs(sketch.quantile(share) - exact),
                sketch.relative_error() * std::abs(exact) * (1 + 1e-12))
          << share << ' ' << sketch.level();
    }
  }
  EXPECT_GE(levels, 2);  // Else the collapse was not tested.
}

TEST(NumberSketch, IsTheSameHoweverTheNumbersWereDividedAndOrdered) {
  Random random(12);
  for (std::vector<double> values : kinds_of_numbers(random)) {
    for (double& value : values) value = std::ldexp(std::round(std::ldexp(value, 8)), -8);
    const NumberSketch whole = sketch_of(values);
    std::vector<NumberTally> tallies(7);
    for (const double value : values) tallies[random.below(7)].add(value);
    std::vector<NumberSketch> parts;
    for (NumberTally& tally : tallies) parts.push_back(tally.take());
    // ((6 + 5) + (4 + 3)) + ((2 + 1) + 0), each the other way round.
    for (size_t i = 6; i > 0; i -= 2) parts[i - 1].merge(parts[i]);
    parts[1].merge(parts[3]);
    parts[5].merge(parts[1]);
    parts[0].merge(parts[5]);
    EXPECT_EQ(parts[0].buckets(), whole.buckets());
    EXPECT_EQ(parts[0].level(), whole.level());
    EXPECT_EQ(parts[0].lowest(), whole.lowest());
    EXPECT_EQ(parts[0].highest(), whole.highest());
    EXPECT_NEAR(parts[0].mean(), whole.mean(), 1e-9 * std::abs(whole.mean()));
  }
}

TEST(NumberSketch, BucketsKeepTheOrderOfNumbers) {
  double before = -std::ldexp(1.0, 80);
  for (int exponent = 80; exponent >= -80; --exponent) {
    for (const double part : {1.99, 1.5, 1.01, 1.0}) {
      const double value = -std::ldexp(part, exponent);
      EXPECT_LE(number_bucket(before), number_bucket(value)) << value;
      before = value;
    }
  }
  EXPECT_EQ(number_bucket(0.0), 0);
  EXPECT_EQ(number_bucket(-0.0), 0);
  EXPECT_EQ(number_bucket(5e-324), 0);
  EXPECT_EQ(number_bucket(1.7e308), 8192);
  EXPECT_EQ(number_bucket(-1.7e308), -8192);
  EXPECT_EQ(number_bucket(std::ldexp(1.0, -64)), 1);
}

TEST(NumberSketch, WholeNumbersStayWhole) {
  NumberSketch sketch;
  for (int i = -127; i <= 127; ++i) sketch.add(i);
  for (int i = 0; i <= 254; ++i) EXPECT_EQ(sketch.quantile(i / 254.0, true), i - 127);
}

TEST(NumberSketch, ZeroIsANumberLikeOthers) {
  NumberSketch sketch;
  sketch.add(0);
  sketch.add(5);
  sketch.merge(NumberSketch());
  EXPECT_EQ(sketch.lowest(), 0);
  EXPECT_EQ(sketch.count(), 2U);
  EXPECT_EQ(NumberSketch().quantile(0.5), 0);
  NumberTally tally;
  tally.add(3);
  EXPECT_EQ(tally.take().highest(), 3);
  tally.add(-1);
  const NumberSketch second = tally.take();
  EXPECT_EQ(second.count(), 1U);
  EXPECT_EQ(second.highest(), -1);
}

TEST(NumberSketch, JsonGivesItBackAndIsChecked) {
  Random random(13);
  const NumberSketch sketch = sketch_of(kinds_of_numbers(random)[2]);
  ASSERT_GT(sketch.level(), 0);
  const Json json = sketch.to_json();
  const Result<NumberSketch> back = NumberSketch::from_json(json, "it");
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->buckets(), sketch.buckets());
  EXPECT_EQ(back->to_json(), json);
  const auto refused = [&](const std::function<void(Json&)>& change) {
    Json wrong = json;
    change(wrong);
    const Result<NumberSketch> read = NumberSketch::from_json(wrong, "it");
    return !read.ok() && read.error().code == ErrorCode::damaged;
  };
  EXPECT_TRUE(refused([](Json& it) { it["level"] = 7; }));
  EXPECT_TRUE(refused([](Json& it) { it["level"] = "1"; }));
  EXPECT_TRUE(refused([](Json& it) { it["buckets"].push_back(1); }));
  EXPECT_TRUE(refused([](Json& it) { it["buckets"][1] = 0; }));
  EXPECT_TRUE(refused([](Json& it) { it["buckets"][0] = 8000; }));
  EXPECT_TRUE(refused([](Json& it) { it["buckets"][0] = -9000; }));
  EXPECT_TRUE(refused([](Json& it) { it.erase("sum"); }));
}

}  // namespace
}  // namespace millgate
