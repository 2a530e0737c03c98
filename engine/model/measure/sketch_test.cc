#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ground/random.h"
#include "model/measure/distinct_sketch.h"
#include "model/measure/quantile_sketch.h"
#include "model/measure/value_counts.h"

namespace millgate {
namespace {

TEST(DistinctSketch, StaysWithinFourStandardErrors) {
  for (const int64_t count : {0, 1, 10, 1000, 20'000, 100'000, 3'000'000}) {
    DistinctSketch sketch;
    for (int64_t i = 0; i < count; ++i) {
      sketch.add(sketch_hash(static_cast<uint64_t>(i) * 7919 + 1));
      if (i % 3 == 0) sketch.add(sketch_hash(static_cast<uint64_t>(i) * 7919 + 1));
    }
    EXPECT_NEAR(sketch.count(), static_cast<double>(count),
                4 * DistinctSketch::kStandardError * static_cast<double>(count) + 0.01)
        << count;
  }
}

TEST(DistinctSketch, MergesExactly) {
  DistinctSketch all;
  DistinctSketch first;
  DistinctSketch second;
  for (uint64_t i = 0; i < 50'000; ++i) {
    all.add(sketch_hash(i));
    (i < 30'000 ? first : second).add(sketch_hash(i));
    if (i % 2 == 0) second.add(sketch_hash(i));
  }
  first.merge(second);
  EXPECT_EQ(first.count(), all.count());
}

/// Distance of `value` from the ranks that `share` stands for, as a share of the values.
double rank_distance(const std::vector<double>& sorted, double value, double share) {
  const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
  const double count = static_cast<double>(sorted.size());
  const double below = static_cast<double>(low - sorted.begin()) / count;
  const double at_most = static_cast<double>(high - sorted.begin()) / count;
  return std::max({0.0, below - share, share - at_most});
}

TEST(QuantileSketch, KeepsItsPromise) {
  std::vector<double> shares;
  for (int i = 0; i <= 100; ++i) shares.push_back(i / 100.0);
  for (const int order : {0, 1, 2}) {
    Random random(static_cast<uint64_t>(order) + 5);
    std::vector<double> values;
    for (int i = 0; i < 300'000; ++i) values.push_back(std::exp(random.normal()));
    if (order == 1) std::sort(values.begin(), values.end());
    if (order == 2) std::sort(values.begin(), values.end(), std::greater<>());
    QuantileSketch sketch;
    QuantileSketch parts[3];
    for (size_t i = 0; i < values.size(); ++i) {
      sketch.add(values[i]);
      parts[i % 3].add(values[i]);
    }
    parts[0].merge(parts[1]);
    parts[0].merge(parts[2]);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    for (const QuantileSketch* one : {&sketch, &parts[0]}) {
      EXPECT_EQ(one->count(), values.size());
      EXPECT_LT(one->rank_error(), 0.02);
      const std::vector<double> found = one->quantiles(shares);
      for (size_t i = 0; i < shares.size(); ++i) {
        // One value more: an answer is a value, and ranks are whole numbers.
        EXPECT_LE(rank_distance(sorted, found[i], shares[i]), one->rank_error() + 4e-6)
            << order << ' ' << shares[i];
      }
      const std::vector<double> at_most = one->counts_at_most({0.5, 1, 2});
      const auto below = std::upper_bound(sorted.begin(), sorted.end(), 1) - sorted.begin();
      EXPECT_NEAR(at_most[1], static_cast<double>(below), one->rank_error() * 300'000);
    }
  }
}

TEST(QuantileSketch, WeighsAndIsExactWhileSmall) {
  QuantileSketch sketch;
  sketch.add(1, 700);
  sketch.add(2, 200);
  sketch.add(3, 100);
  EXPECT_EQ(sketch.quantiles({0, 0.5, 0.7, 0.71, 0.95, 1}),
            (std::vector<double>{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(sketch.rank_error(), 0);
  EXPECT_TRUE(QuantileSketch().quantiles({0.5}).empty());
}

TEST(ValueCounts, AreExactWhileThereAreFew) {
  ValueCounts<std::string> counts;
  for (int i = 0; i < 20'000; ++i) counts.add(std::string_view("v" + std::to_string(i % 7)));
  EXPECT_TRUE(counts.exact());
  EXPECT_EQ(counts.distinct_count(), 7);
  EXPECT_EQ(counts.most_frequent(2)[0], (std::pair<std::string, int64_t>("v0", 2858)));
  EXPECT_EQ(counts.most_frequent(100).size(), 7U);
}

TEST(ValueCounts, KeepFrequentValuesAmongManyWithinTheStatedError) {
  Random random(3);
  ValueCounts<uint64_t> whole;
  ValueCounts<uint64_t> parts[2];
  std::unordered_map<uint64_t, int64_t> truth;
  for (int i = 0; i < 400'000; ++i) {
    const uint64_t value = random.uniform() < 0.3 ? random.below(5) : 10 + random.below(1'000'000);
    ++truth[value];
    whole.add(value);
    parts[i % 2].add(value);
  }
  parts[0].merge(parts[1]);
  for (const ValueCounts<uint64_t>* counts : {&whole, &parts[0]}) {
    EXPECT_FALSE(counts->exact());
    EXPECT_NEAR(counts->distinct_count() / static_cast<double>(truth.size()), 1, 0.033);
    EXPECT_LT(counts->count_error(), 400);  // 400,000 values by 1,000 kept counts.
    const auto top = counts->most_frequent(5);
    for (const auto& [value, count] : top) {
      EXPECT_LT(value, 5U);
      EXPECT_LE(count, truth[value]);
      EXPECT_GE(count, truth[value] - counts->count_error());
    }
  }
}

}  // namespace
}  // namespace millgate
