#include "model/artifact/combination.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millgate {
namespace {

std::string line(double coefficient, double intercept, bool logistic = true) {
  return save_linear({.mean = {0},
                      .scale = {1},
                      .coefficient = {coefficient},
                      .intercept = intercept,
                      .logistic = logistic});
}

Combination two_lines() {
  return {.members = {{.name = "up", .format = "linear", .weight = 3, .text = line(1, 0)},
                      {.name = "down", .format = "linear", .weight = 1, .text = line(-2, 0.5)}},
          .is_of_probabilities = true,
          .stack = {}};
}

double sigmoid(double score) { return 1 / (1 + std::exp(-score)); }

double score_of(const Combination& combination, double feature) {
  const auto scorer = load_combination(save_combination(combination));
  EXPECT_TRUE(scorer.ok()) << scorer.error().what;
  double out = 0;
  (*scorer)->score(std::span(&feature, 1), std::span(&out, 1));
  return out;
}

TEST(CombinationOfModels, TheMeanIsByWeights) {
  for (const double x : {-3.0, 0.0, 0.7}) {
    EXPECT_DOUBLE_EQ(score_of(two_lines(), x), (3 * sigmoid(x) + sigmoid(0.5 - 2 * x)) / 4);
  }
}

TEST(CombinationOfModels, AStackWeighsLogOdds) {
  Combination combination = two_lines();
  combination.stack = save_linear({.mean = {0.1, 0},
                                   .scale = {2, 1},
                                   .coefficient = {0.5, 0.25},
                                   .intercept = -0.3,
                                   .logistic = true});
  for (const double x : {-3.0, 0.0, 0.7}) {
    const double sum = -0.3 + 0.5 * (x - 0.1) / 2 + 0.25 * (0.5 - 2 * x);
    EXPECT_NEAR(score_of(combination, x), sigmoid(sum), 1e-12);
  }
}

TEST(CombinationOfModels, ManyRowsAreEachAsAlone) {
  const auto scorer = load_combination(save_combination(two_lines()));
  ASSERT_TRUE(scorer.ok());
  std::vector<double> rows(1000), said(1000);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<double>(i) / 100 - 5;
  (*scorer)->score(rows, said);
  for (size_t i = 0; i < rows.size(); i += 37) EXPECT_EQ(said[i], score_of(two_lines(), rows[i]));
}

TEST(CombinationOfModels, DamageIsTold) {
  const std::string whole = save_combination(two_lines());
  const auto fault = [](const std::string& bytes) {
    const auto scorer = load_combination(bytes);
    return scorer.ok() ? std::string() : scorer.error().what;
  };
  EXPECT_EQ(fault(whole), "");
  std::string turned = whole;
  turned[turned.size() - 5] ^= 1;
  EXPECT_NE(fault(turned).find("`down` is not that of its hash"), std::string::npos);
  EXPECT_NE(fault(whole + "x").find("1 bytes behind"), std::string::npos);
  EXPECT_NE(fault(whole.substr(0, whole.size() - 1)).find("`down` is longer"), std::string::npos);
  EXPECT_NE(fault(whole.substr(0, 20)).find("first line"), std::string::npos);
  Combination inside = two_lines();
  inside.members[1] = {.name = "all", .format = "ensemble", .weight = 1, .text = whole};
  EXPECT_NE(fault(save_combination(inside)).find("`all` is an ensemble itself"), std::string::npos);
  inside = two_lines();
  inside.members[0].weight = 0;
  EXPECT_NE(fault(save_combination(inside)).find("weight"), std::string::npos);
  inside = two_lines();
  inside.stack = line(1, 0);
  EXPECT_NE(fault(save_combination(inside)).find("`stack` does not fit"), std::string::npos);
}

}  // namespace
}  // namespace millgate
