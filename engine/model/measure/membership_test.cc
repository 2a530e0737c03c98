#include "model/measure/membership.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

std::vector<double> losses(size_t count, double shift, const char* purpose) {
  Random random = Random::stream(7, purpose);
  std::vector<double> values;
  // Rounded, so that some are equal.
  for (size_t i = 0; i < count; ++i) {
    values.push_back(std::round(20 * (std::abs(random.normal()) + shift)) / 20);
  }
  return values;
}

/// Every limit tried, one by one.
double slow_advantage(const std::vector<double>& trained, const std::vector<double>& others) {
  double best = 0;
  for (const auto& limits : {trained, others}) {
    for (const double limit : limits) {
      const auto share = [&](const std::vector<double>& of) {
        const auto below =
            std::count_if(of.begin(), of.end(), [&](double v) { return v <= limit; });
        return static_cast<double>(below) / static_cast<double>(of.size());
      };
      best = std::max(best, share(trained) - share(others));
    }
  }
  return best;
}

TEST(MembershipTest, IsTheBestOfAllLimits) {
  for (const double shift : {0.0, 0.2, 1.5}) {
    const auto trained = losses(300, 0, "trained");
    const auto others = losses(170, shift, "others");
    const auto measured = measure_membership(trained, others);
    ASSERT_TRUE(measured.ok()) << measured.error().what;
    EXPECT_NEAR(measured->value, slow_advantage(trained, others), 1e-12) << shift;
    EXPECT_EQ(measured->row_count, 470);
    ASSERT_TRUE(measured->lower && measured->upper);
    EXPECT_LE(*measured->lower, measured->value);
    EXPECT_GE(*measured->upper, measured->value);
  }
}

TEST(MembershipTest, TheIntervalHoldsTheTruth) {
  // Uniform losses in [0, 1) and [0.3, 1.3): told apart by 0.3 at most.
  int held = 0;
  for (uint64_t i = 0; i < 200; ++i) {
    Random random = Random::stream(11, "uniform", i);
    std::vector<double> trained(400), others(400);
    for (double& one : trained) one = random.uniform();
    for (double& one : others) one = 0.3 + random.uniform();
    const auto measured = measure_membership(trained, others);
    ASSERT_TRUE(measured.ok());
    if (*measured->lower <= 0.3 && 0.3 <= *measured->upper) ++held;
  }
  EXPECT_GE(held, 190);
}

TEST(MembershipTest, RefusesTooFewRowsAndNoNumbers) {
  const auto enough = losses(40, 0, "enough");
  EXPECT_FALSE(measure_membership(losses(29, 0, "few"), enough).ok());
  auto broken = enough;
  broken[3] = std::nan("");
  EXPECT_FALSE(measure_membership(enough, broken).ok());
}

}  // namespace
}  // namespace millgate
