#include "model/measure/prediction_change.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "ground/random.h"

namespace millgate {
namespace {

struct Made {
  std::vector<double> before, after;
};

Made made_changes(size_t rows) {
  Random random(3);
  Made made;
  for (size_t i = 0; i < rows; ++i) {
    made.before.push_back(random.uniform());
    made.after.push_back(i % 3 == 0 ? made.before.back() : random.uniform());
  }
  return made;
}

std::map<std::string, Evidence> by_name(const MeasuredSlices& measured) {
  std::map<std::string, Evidence> named;
  for (const Evidence& one : measured.evidence) named.emplace(one.metric + "|" + one.slice, one);
  return named;
}

TEST(PredictionChangeTest, CountsWhatFlipsRisesAndFalls) {
  const Made made = made_changes(400);
  std::vector<uint32_t> all(400), half(200);
  std::iota(all.begin(), all.end(), 0U);
  std::iota(half.begin(), half.end(), 100U);
  MeasureOptions options;
  options.threshold = 0.3;
  options.resamples = 100;
  const auto measured = measure_change({.before = made.before, .after = made.after},
                                       {{"under noise", all}, {"half", half}}, options);
  ASSERT_TRUE(measured.ok()) << measured.error().what;
  const auto named = by_name(*measured);
  EXPECT_EQ(named.size(), 10U);
  for (const auto& [slice, rows] : {std::pair{"under noise", all}, std::pair{"half", half}}) {
    double flips = 0, rises = 0, falls = 0, sum = 0, largest = 0;
    for (const uint32_t row : rows) {
      const double change = made.after[row] - made.before[row];
      flips += (made.before[row] >= 0.3) != (made.after[row] >= 0.3);
      rises += change > 0;
      falls += change < 0;
      sum += std::abs(change);
      largest = std::max(largest, std::abs(change));
    }
    const auto count = static_cast<double>(rows.size());
    const auto value = [&](const char* metric) {
      return named.at(std::string(metric) + "|" + slice).value;
    };
    EXPECT_NEAR(value("decision_flip_rate"), flips / count, 1e-12);
    EXPECT_NEAR(value("prediction_rise_rate"), rises / count, 1e-12);
    EXPECT_NEAR(value("prediction_fall_rate"), falls / count, 1e-12);
    EXPECT_NEAR(value("prediction_change_mean"), sum / count, 1e-12);
    EXPECT_EQ(value("prediction_change_max"), largest);
  }
  const Evidence& rate = named.at("prediction_rise_rate|under noise");
  ASSERT_TRUE(rate.lower && rate.upper);
  EXPECT_LT(*rate.lower, rate.value);
  EXPECT_GT(*rate.upper, rate.value);
}

TEST(PredictionChangeTest, ValuesHaveNoDecisionsAndSmallSlicesNoFigures) {
  const Made made = made_changes(60);
  MeasureOptions options;
  options.regression = true;
  options.resamples = 0;
  std::vector<uint32_t> all(60);
  std::iota(all.begin(), all.end(), 0U);
  const auto measured = measure_change({.before = made.before, .after = made.after},
                                       {{"all", all}, {"few", {1, 2, 3}}}, options);
  ASSERT_TRUE(measured.ok()) << measured.error().what;
  const auto named = by_name(*measured);
  EXPECT_FALSE(named.contains("decision_flip_rate|all"));
  EXPECT_TRUE(named.contains("prediction_change_mean|all"));
  EXPECT_EQ(named.size(), 4U);
  ASSERT_EQ(measured->unmeasured.size(), 1U);
  EXPECT_EQ(measured->unmeasured.front().slice, "few");
}

}  // namespace
}  // namespace millgate
