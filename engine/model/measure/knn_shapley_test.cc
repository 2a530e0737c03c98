#include "model/measure/knn_shapley.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ground/random.h"

namespace millgate {
namespace {

LabelledRows made_rows(Random& random, int count, bool with_ties) {
  LabelledRows rows;
  rows.numbers.resize(2);
  rows.categories.resize(1);
  for (int i = 0; i < count; ++i) {
    for (std::vector<double>& column : rows.numbers) {
      const double value = random.normal();
      column.push_back(with_ties ? std::round(value) : value);
    }
    rows.categories.front().push_back(static_cast<double>(random.below(3)));
    rows.labels.push_back(static_cast<double>(random.below(3)));
  }
  return rows;
}

/// Share of the `neighbours` nearest rows of `subset` that have the test row's label, as utility.
double utility(const LabelledRows& training, const std::vector<size_t>& order, unsigned subset,
               double label, int neighbours) {
  int taken = 0;
  double agreeing = 0;
  for (const size_t row : order) {
    if ((subset >> row & 1U) == 0 || taken == neighbours) continue;
    ++taken;
    agreeing += training.labels[row] == label ? 1 : 0;
  }
  return agreeing / neighbours;
}

/// The definition: every subset, weighed by how often it stands before the row.
std::vector<double> brute_force(const LabelledRows& training, const LabelledRows& test,
                                int neighbours) {
  const size_t count = training.labels.size();
  std::vector<double> values(count, 0);
  for (size_t t = 0; t < test.labels.size(); ++t) {
    std::vector<size_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    const auto distance = [&](size_t row) {
      const double x = test.numbers[0][t] - training.numbers[0][row];
      const double y = test.numbers[1][t] - training.numbers[1][row];
      return x * x + y * y + (test.categories[0][t] == training.categories[0][row] ? 0 : 2);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return distance(a) < distance(b); });
    for (size_t row = 0; row < count; ++row) {
      for (unsigned subset = 0; subset < 1U << count; ++subset) {
        if ((subset >> row & 1U) != 0) continue;
        const auto size = static_cast<double>(__builtin_popcount(subset));
        const double n = static_cast<double>(count);
        const double weight = std::tgamma(size + 1) * std::tgamma(n - size) / std::tgamma(n + 1);
        values[row] += weight *
                       (utility(training, order, subset | 1U << row, test.labels[t], neighbours) -
                        utility(training, order, subset, test.labels[t], neighbours)) /
                       static_cast<double>(test.labels.size());
      }
    }
  }
  return values;
}

TEST(KnnShapley, IsTheShapleyValue) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    const LabelledRows training =
        made_rows(random, 1 + static_cast<int>(random.below(8)), seed % 2 == 0);
    const LabelledRows test =
        made_rows(random, 1 + static_cast<int>(random.below(4)), seed % 2 == 0);
    const int neighbours = 1 + static_cast<int>(random.below(5));
    const std::vector<double> wanted = brute_force(training, test, neighbours);
    const std::vector<double> found = knn_shapley(training, test, neighbours);
    ASSERT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_NEAR(found[i], wanted[i], 1e-12) << "seed " << seed << ", row " << i;
    }
  }
}

TEST(KnnShapley, IsTheSameOnAnyNumberOfThreads) {
  Random random(7);
  const LabelledRows training = made_rows(random, 300, false);
  const LabelledRows test = made_rows(random, 200, false);
  const std::vector<double> one = knn_shapley(training, test, 5, 1);
  EXPECT_EQ(knn_shapley(training, test, 5, 3), one);
}

TEST(KnnShapley, ValuesAddUpToWhatAllRowsAreWorth) {
  Random random(7);
  const LabelledRows training = made_rows(random, 300, true);
  const LabelledRows test = made_rows(random, 100, true);
  constexpr int kNeighbours = 5;
  const std::vector<double> values = knn_shapley(training, test, kNeighbours);
  std::vector<double> accuracy;
  for (size_t t = 0; t < test.rows(); ++t) {
    std::vector<std::pair<double, size_t>> nearest;
    for (size_t row = 0; row < training.rows(); ++row) {
      const double x = test.numbers[0][t] - training.numbers[0][row];
      const double y = test.numbers[1][t] - training.numbers[1][row];
      const bool other = test.categories[0][t] != training.categories[0][row];
      nearest.emplace_back(x * x + y * y + (other ? 2 : 0), row);
    }
    std::sort(nearest.begin(), nearest.end());
    double agreeing = 0;
    for (size_t i = 0; i < kNeighbours; ++i) {
      agreeing += training.labels[nearest[i].second] == test.labels[t] ? 1 : 0;
    }
    accuracy.push_back(agreeing / kNeighbours);
  }
  EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0),
              std::accumulate(accuracy.begin(), accuracy.end(), 0.0) / 100, 1e-12);
}

TEST(KnnShapley, OrdersDistancesThatAreEqualAsFloats) {
  // The second row is nearer by less than a float can tell; then all are infinite as floats.
  for (const double scale : {1.0, 1e30}) {
    const LabelledRows training{{{scale * (1 + 1e-12), scale, scale * 2}}, {}, {0, 1, 0}};
    const LabelledRows test{{{0}}, {}, {1}};
    const std::vector<double> values = knn_shapley(training, test, 1);
    // By the recursion: the nearest row is right (1), the others are not.
    EXPECT_NEAR(values[0], 0, 1e-15);
    EXPECT_NEAR(values[1], 1, 1e-15);
    EXPECT_NEAR(values[2], 0, 1e-15);
  }
}

TEST(KnnShapley, WronglyLabelledRowsAreWorthLeast) {
  Random random(11);
  LabelledRows training{{{}, {}}, {}, {}};
  LabelledRows test = training;
  for (int i = 0; i < 400; ++i) {
    LabelledRows& rows = i < 300 ? training : test;
    const double label = i % 2;
    rows.numbers[0].push_back(random.normal() + 6 * label);
    rows.numbers[1].push_back(random.normal());
    rows.labels.push_back(label);
  }
  for (size_t i = 0; i < 15; ++i) training.labels[i * 20] = 1 - training.labels[i * 20];
  const std::vector<double> values = knn_shapley(training, test, 5);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  int found = 0;
  for (size_t i = 0; i < 15; ++i) found += order[i] % 20 == 0 ? 1 : 0;
  EXPECT_GE(found, 13);
}

TEST(KnnShapley, NothingIsWorthNothing) {
  EXPECT_TRUE(knn_shapley({}, {}, 5).empty());
  const LabelledRows one{{{1}}, {}, {1}};
  EXPECT_EQ(knn_shapley(one, {{{}}, {}, {}}, 5), (std::vector<double>{0}));
}

}  // namespace
}  // namespace millgate
