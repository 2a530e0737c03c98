#include "model/artifact/counterfactual.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr size_t kWidth = 4;

/// The third does nothing; the fourth is a category.
double made(const double* x) {
  return x[0] + 0.5 * x[1] * x[1] + (x[3] == 2 ? 0.8 : 0) + (std::isnan(x[1]) ? 9 : 0);
}

CounterfactualQuestion question_about(const std::vector<double>& row, double goal) {
  CounterfactualQuestion question;
  question.predict = [](std::span<const double> rows, std::span<double> out) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = made(rows.data() + i * kWidth);
  };
  question.row = row;
  question.candidates = {{-1, -0.5, 0, 0.5, 1}, {-2, -1, 0, 1, 2}, {5, 6}, {0, 1, 2}};
  question.scale = {2, 4, 1, 0};
  question.is_reached = [goal](double prediction) { return prediction >= goal; };
  return question;
}

/// Every assignment of every feature, one by one: of each set of changed features the least
/// distance.
std::map<std::set<size_t>, double> by_brute_force(const CounterfactualQuestion& question,
                                                  const std::vector<double>& row, double goal) {
  std::map<std::set<size_t>, double> nearest;
  const auto& c = question.candidates;
  for (size_t a = 0; a <= c[0].size(); ++a) {
    for (size_t b = 0; b <= c[1].size(); ++b) {
      for (size_t d = 0; d <= c[2].size(); ++d) {
        for (size_t e = 0; e <= c[3].size(); ++e) {
          std::vector<double> other = row;
          const size_t at[] = {a, b, d, e};
          std::set<size_t> changed;
          double distance = 0;
          for (size_t j = 0; j < kWidth; ++j) {
            if (at[j] == c[j].size() || c[j][at[j]] == row[j]) continue;
            other[j] = c[j][at[j]];
            changed.insert(j);
            distance += question.scale[j] > 0 ? std::abs(other[j] - row[j]) / question.scale[j] : 1;
          }
          if (changed.empty() || changed.size() > 2 || made(other.data()) < goal) continue;
          const auto found = nearest.emplace(changed, distance).first;
          found->second = std::min(found->second, distance);
        }
      }
    }
  }
  // A pair of which one reaches it alone says nothing new.
  for (auto one = nearest.begin(); one != nearest.end();) {
    bool is_new = one->first.size() == 1;
    if (!is_new) {
      is_new =
          !nearest.contains({*one->first.begin()}) && !nearest.contains({*one->first.rbegin()});
    }
    one = is_new ? std::next(one) : nearest.erase(one);
  }
  return nearest;
}

TEST(Counterfactual, AreThoseOfBruteForceAndReachIt) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const std::vector<double> row{random.normal(), random.normal(), 5,
                                  static_cast<double>(random.below(3))};
    const double goal = made(row.data()) + 3 * random.uniform();
    if (made(row.data()) >= goal) continue;
    const CounterfactualQuestion question = question_about(row, goal);
    const auto expected = by_brute_force(question, row, goal);
    const auto found = find_counterfactuals(question);
    ASSERT_EQ(found.size(), expected.size()) << "round " << round;
    for (size_t i = 0; i < found.size(); ++i) {
      std::set<size_t> features;
      std::vector<double> other = row;
      for (const FeatureChange& change : found[i].changes) {
        features.insert(change.feature);
        other[change.feature] = change.value;
      }
      ASSERT_TRUE(expected.contains(features));
      ASSERT_NEAR(found[i].distance, expected.at(features), 1e-12);
      ASSERT_EQ(found[i].prediction, made(other.data()));
      ASSERT_GE(found[i].prediction, goal);
      if (i == 0 || found[i - 1].changes.size() != found[i].changes.size()) continue;
      ASSERT_LE(found[i - 1].distance, found[i].distance);
    }
  }
}

TEST(Counterfactual, WhatStaysAndWhatIsMissing) {
  const std::vector<double> row{0, NAN, 5, 0};
  CounterfactualQuestion question = question_about(row, 20);
  EXPECT_TRUE(find_counterfactuals(question).empty());
  question = question_about({0, 0, 5, 0}, 9);
  question.candidates = {{}, {1, NAN}, {}, {}};
  const std::vector<double> whole{0, 0, 5, 0};
  question.row = whole;
  question.predict = [](std::span<const double> rows, std::span<double> out) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = std::isnan(rows[i * kWidth + 1]) ? 9 : 0;
  };
  const auto found = find_counterfactuals(question);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(std::isnan(found[0].changes[0].value));
  EXPECT_EQ(found[0].distance, 1);
}

}  // namespace
}  // namespace millgate
