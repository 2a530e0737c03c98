#include "model/measure/coverage.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millgate {
namespace {

TEST(Coverage, IsTheShareHeldAndTheMeanSizeBySlice) {
  std::vector<uint8_t> held;
  std::vector<double> size;
  std::vector<std::string> half;
  for (int i = 0; i < 400; ++i) {
    held.push_back(i % 10 != 0 || i >= 200 ? 1 : 0);  // 20 of the first 200 are missed.
    size.push_back(i < 200 ? 2.0 : 4.0);
    half.emplace_back(i < 200 ? "first" : "second");
  }
  CoverageOptions options;
  options.size_metric = "interval_width";
  options.data = "test";
  const auto evidence = measure_coverage({.held = held, .size = size}, {{"half", half}}, options);
  ASSERT_TRUE(evidence.ok()) << evidence.error().what;
  const auto find = [&](const std::string& metric, const std::string& slice) {
    for (const Evidence& one : *evidence) {
      if (one.metric == metric && one.slice == slice) return one;
    }
    ADD_FAILURE() << metric << " " << slice;
    return Evidence{};
  };
  EXPECT_EQ(evidence->size(), 6U);
  const Evidence all = find("coverage", "");
  EXPECT_DOUBLE_EQ(all.value, 0.95);
  EXPECT_EQ(all.row_count, 400);
  EXPECT_EQ(all.data, "test");
  // Binomial: 0.95 -+ 1.96 sqrt(0.95 * 0.05 / 400) = 0.9286 to 0.9714.
  EXPECT_NEAR(*all.lower, 0.9286, 0.01);
  EXPECT_NEAR(*all.upper, 0.9714, 0.01);
  EXPECT_DOUBLE_EQ(find("coverage", "half=first").value, 0.9);
  EXPECT_DOUBLE_EQ(find("coverage", "half=second").value, 1);
  EXPECT_DOUBLE_EQ(find("interval_width", "").value, 3);
  EXPECT_DOUBLE_EQ(find("interval_width", "half=second").value, 4);
}

TEST(Coverage, RefusesWhatDoesNotFit) {
  const std::vector<uint8_t> held{1, 0};
  const std::vector<double> one{1};
  EXPECT_FALSE(measure_coverage({.held = held, .size = one}, {}, {.size_metric = "set_size"}).ok());
  EXPECT_FALSE(measure_coverage({}, {}, {.size_metric = "set_size"}).ok());
  const std::vector<double> endless{1, INFINITY};
  EXPECT_FALSE(
      measure_coverage({.held = held, .size = endless}, {}, {.size_metric = "interval_width"})
          .ok());
}

}  // namespace
}  // namespace millgate
