#include "model/measure/leaf_components.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

/// Two places of three and two numbers; the first 40 rows of 400 have 4 and nobody else does.
std::vector<uint32_t> made_leaves(size_t rows, size_t apart) {
  Random random(3);
  std::vector<uint32_t> numbers;
  for (size_t i = 0; i < rows; ++i) {
    numbers.push_back(static_cast<uint32_t>(random.below(3)));
    numbers.push_back(i < apart ? 5U : 3U + static_cast<uint32_t>(random.below(2)));
  }
  return numbers;
}

/// The slow, obvious way: the covariance of all numbers.
std::vector<double> covariance(const std::vector<uint32_t>& numbers, size_t places, size_t end) {
  const size_t rows = numbers.size() / places;
  std::vector<double> mean(end, 0.0);
  for (const uint32_t number : numbers) mean[number] += 1 / static_cast<double>(rows);
  std::vector<double> cells(end * end, 0.0);
  for (size_t row = 0; row < rows; ++row) {
    std::vector<double> point(end);
    for (size_t i = 0; i < end; ++i) point[i] = -mean[i];
    for (size_t p = 0; p < places; ++p) point[numbers[row * places + p]] += 1;
    for (size_t i = 0; i < end; ++i) {
      for (size_t j = 0; j < end; ++j)
        cells[i * end + j] += point[i] * point[j] / static_cast<double>(rows);
    }
  }
  return cells;
}

TEST(LeafComponents, AreEigenvectorsOfTheCovariance) {
  const std::vector<uint32_t> numbers = made_leaves(400, 40);
  const LeafComponents made =
      leaf_components({.numbers = numbers, .places = 2, .number_end = 6}, 3, 1);
  ASSERT_EQ(made.count, 3);
  const std::vector<double> cells = covariance(numbers, 2, 6);
  for (size_t c = 0; c < 3; ++c) {
    double length = 0;
    for (size_t i = 0; i < 6; ++i) {
      double image = 0;
      for (size_t j = 0; j < 6; ++j) image += cells[i * 6 + j] * made.directions[j * 3 + c];
      EXPECT_NEAR(image, made.variances[c] * made.directions[i * 3 + c], 5e-3);
      length += made.directions[i * 3 + c] * made.directions[i * 3 + c];
    }
    EXPECT_NEAR(length, 1, 1e-9);
    if (c > 0) {
      EXPECT_LE(made.variances[c], made.variances[c - 1]);
    }
  }
  // Variances that lie near each other are told apart slowly, so the tolerance is wide.
  // All of the variance: of the trace, two directions are lost to the sums of each place.
  const LeafComponents all =
      leaf_components({.numbers = numbers, .places = 2, .number_end = 6}, 6, 1);
  EXPECT_EQ(all.count, 4);
  double sum = 0;
  double trace = 0;
  for (const double one : all.variances) sum += one;
  for (size_t i = 0; i < 6; ++i) trace += cells[i * 6 + i];
  EXPECT_NEAR(sum, trace, 1e-9);
}

TEST(LeafComponents, ProjectionsAreCentredOnTheRows) {
  const std::vector<uint32_t> numbers = made_leaves(100, 10);
  const LeafRows rows{.numbers = numbers, .places = 2, .number_end = 6};
  const LeafComponents made = leaf_components(rows, 2, 1);
  const std::vector<double> projected = made.project(rows);
  for (size_t c = 0; c < 2; ++c) {
    double sum = 0;
    for (size_t row = 0; row < 100; ++row) sum += projected[row * 2 + c];
    EXPECT_NEAR(sum, 0, 1e-9);
  }
}

TEST(LeafComponents, EqualRowsHaveNone) {
  const std::vector<uint32_t> numbers(20, 0);
  const LeafComponents made =
      leaf_components({.numbers = numbers, .places = 1, .number_end = 2}, 3, 1);
  EXPECT_EQ(made.count, 0);
  EXPECT_EQ(leaf_components({}, 3, 1).count, 0);
}

TEST(TwoMeans, CutsWhereTheSquaresAreLeast) {
  EXPECT_EQ(two_means_cut({1, 2, 1.5, 10, 11}), 2);
  EXPECT_EQ(two_means_cut({3, 3, 3}), 3);
  EXPECT_EQ(two_means_cut({}), 0);
}

TEST(TwoMeans, TellsTwoCloudsApart) {
  Random random(2);
  std::vector<double> points;
  for (int i = 0; i < 200; ++i) {
    const double centre = i < 30 ? 6 : 0;
    points.push_back(centre + random.normal());
    points.push_back(-centre + random.normal());
  }
  const std::vector<uint8_t> parts = two_means(points, 2, 1);
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(parts[i] == parts[0], i < 30) << i;
  EXPECT_TRUE(two_means({}, 2, 1).empty());
}

}  // namespace
}  // namespace millgate
