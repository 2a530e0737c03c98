#include "model/artifact/effect_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr size_t kWidth = 3;

/// x0 * x1 + sin(x2).
double made(const double* x) { return x[0] * x[1] + std::sin(x[2]); }

EffectQuestion question_about(const std::vector<double>& rows, double (*model)(const double*)) {
  return {.predict =
              [model](std::span<const double> asked, std::span<double> out) {
                for (size_t row = 0; row < out.size(); ++row) {
                  out[row] = model(asked.data() + row * kWidth);
                }
              },
          .rows = rows,
          .width = kWidth};
}

std::vector<double> made_rows(size_t count) {
  Random random(7);
  std::vector<double> rows(count * kWidth);
  for (double& value : rows) value = random.normal();
  return rows;
}

TEST(EffectCurve, PartialDependenceIsTheMeanOverAllRows) {
  const std::vector<double> rows = made_rows(50);
  const auto grid = std::vector<double>{-1, 0, 0.5};
  const auto curve = partial_dependence(question_about(rows, made), 0, grid);
  for (size_t at = 0; at < grid.size(); ++at) {
    double sum = 0;
    for (size_t row = 0; row < 50; ++row) {
      sum += grid[at] * rows[row * 3 + 1] + std::sin(rows[row * 3 + 2]);
    }
    EXPECT_NEAR(curve[at], sum / 50, 1e-12);
  }
}

TEST(EffectCurve, LocalEffectsAreTheDefinition) {
  std::vector<double> rows = made_rows(200);
  rows[3] = NAN;
  const EffectQuestion question = question_about(rows, made);
  const std::vector<double> grid = quantile_grid(question, 0, 5);
  ASSERT_EQ(grid.size(), 6U);
  const auto curve = accumulated_local_effects(question, 0, grid);
  // x0 * x1: a row's difference is its x1 times the width of the part.
  std::vector<double> expected{0};
  double middle = 0;
  for (size_t part = 0; part < 5; ++part) {
    double sum = 0;
    double count = 0;
    for (size_t row = 0; row < 200; ++row) {
      const double x = rows[row * 3];
      const bool inside = x <= grid[part + 1] && (part == 0 ? x >= grid[0] : x > grid[part]);
      if (!inside) continue;
      sum += rows[row * 3 + 1] * (grid[part + 1] - grid[part]);
      ++count;
    }
    expected.push_back(expected.back() + sum / count);
    middle += count * (expected[part] + expected[part + 1]) / 2;
  }
  for (size_t at = 0; at < grid.size(); ++at) {
    EXPECT_NEAR(curve[at], expected[at] - middle / 199, 1e-12);
  }
}

TEST(EffectCurve, GridsKeepToValuesThatAreThere) {
  std::vector<double> rows;
  for (int i = 0; i < 30; ++i) rows.insert(rows.end(), {double(i % 2), NAN, double(i)});
  const EffectQuestion question = question_about(rows, made);
  EXPECT_EQ(quantile_grid(question, 0, 10), (std::vector<double>{0, 1}));
  EXPECT_TRUE(quantile_grid(question, 1, 10).empty());
  EXPECT_EQ(quantile_grid(question, 2, 2), (std::vector<double>{0, 15, 29}));
}

TEST(EffectCurve, InteractionIsOneOfAProductZeroOfASumAndTheDefinition) {
  std::vector<double> rows = made_rows(60);
  // Means of 0 leave nothing but the interaction of the product.
  for (size_t column = 0; column < 2; ++column) {
    double mean = 0;
    for (size_t row = 0; row < 60; ++row) mean += rows[row * 3 + column] / 60;
    for (size_t row = 0; row < 60; ++row) rows[row * 3 + column] -= mean;
  }
  EXPECT_NEAR(interaction_strength(question_about(rows, made), 0, 1), 1, 1e-9);
  EXPECT_NEAR(interaction_strength(question_about(rows, made), 0, 2), 0, 1e-6);
  const auto mixed = [](const double* x) { return x[0] * x[1] + 2 * x[0] + x[1]; };
  // By hand: the common part is x0 x1, the whole x0 x1 + 2 x0 + x1, both less their means.
  double together = 0;
  double whole = 0;
  double mean = 0;
  for (size_t row = 0; row < 60; ++row) mean += rows[row * 3] * rows[row * 3 + 1] / 60;
  for (size_t row = 0; row < 60; ++row) {
    const double product = rows[row * 3] * rows[row * 3 + 1] - mean;
    together += product * product;
    whole += std::pow(product + 2 * rows[row * 3] + rows[row * 3 + 1], 2);
  }
  EXPECT_NEAR(interaction_strength(question_about(rows, mixed), 0, 1), std::sqrt(together / whole),
              1e-9);
}

}  // namespace
}  // namespace millgate
