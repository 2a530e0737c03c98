#include "model/measure/agreement.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>

#include "ground/random.h"
#include "model/measure/consensus.h"

namespace millgate {
namespace {

/// One text an annotator; a digit is his label of an item from 1, `.` none.
Ratings ratings(const std::vector<std::string>& lines, size_t classes) {
  Ratings all{.item_count = lines.front().size(),
              .annotator_count = lines.size(),
              .class_count = classes,
              .given = {}};
  for (size_t annotator = 0; annotator < lines.size(); ++annotator) {
    for (size_t item = 0; item < lines[annotator].size(); ++item) {
      const char c = lines[annotator][item];
      if (c != '.') all.given.push_back({item, annotator, static_cast<size_t>(c - '1')});
    }
  }
  return all;
}

// The example with missing labels that most implementations are tried on; 0.691 and 0.811 are
// published, the value for an order is that of the package krippendorff 0.9.
TEST(Agreement, IsTheAlphaOfTheExample) {
  const Ratings three = ratings({".....34121133.3", "1.213343.......", "..21344.21133.4"}, 4);
  EXPECT_NEAR(*krippendorff_alpha(three, LabelScale::nominal), 0.691, 5e-4);
  EXPECT_NEAR(*krippendorff_alpha(three, LabelScale::ordinal), 0.807, 5e-4);
  const std::vector<double> values = {1, 2, 3, 4};
  EXPECT_NEAR(*krippendorff_alpha(three, LabelScale::interval, values), 0.811, 5e-4);
}

// The worked example of Fleiss's statistic with 14 raters, 10 subjects and 5 categories.
TEST(Agreement, IsTheKappaOfTheExample) {
  const std::vector<std::vector<int>> counts = {
      {0, 0, 0, 0, 14}, {0, 2, 6, 4, 2}, {0, 0, 3, 5, 6}, {0, 3, 9, 2, 0}, {2, 2, 8, 1, 1},
      {7, 7, 0, 0, 0},  {3, 2, 6, 3, 0}, {2, 5, 3, 2, 2}, {6, 5, 2, 1, 0}, {0, 2, 2, 3, 7}};
  Ratings all{.item_count = 10, .annotator_count = 14, .class_count = 5, .given = {}};
  for (size_t item = 0; item < counts.size(); ++item) {
    size_t annotator = 0;
    for (size_t label = 0; label < 5; ++label) {
      for (int i = 0; i < counts[item][label]; ++i) all.given.push_back({item, annotator++, label});
    }
  }
  EXPECT_NEAR(*fleiss_kappa(all), 0.210, 5e-4);
}

TEST(Agreement, CohenIsCountedByHand) {
  // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, by chance 0.5.
  const std::string a = std::string(25, '1') + std::string(25, '2');
  const std::string b =
      std::string(20, '1') + std::string(5, '2') + std::string(10, '1') + std::string(15, '2');
  const auto pairs = pair_agreements(ratings({a, b}, 2));
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_DOUBLE_EQ(pairs[0].observed, 0.7);
  EXPECT_NEAR(*pairs[0].kappa, 0.4, 1e-12);
}

TEST(Agreement, WhatChanceExplainsCannotBeTold) {
  const Ratings same = ratings({"111", "111"}, 2);
  EXPECT_FALSE(pair_agreements(same).front().kappa);
  EXPECT_FALSE(fleiss_kappa(same));
  EXPECT_FALSE(krippendorff_alpha(same, LabelScale::nominal));
  EXPECT_FALSE(krippendorff_alpha(ratings({"12.", "..1"}, 2), LabelScale::nominal));
  EXPECT_TRUE(pair_agreements(ratings({"12.", "..1"}, 2)).empty());
  // Items with three labels and with two.
  EXPECT_FALSE(fleiss_kappa(ratings({"121", "121", "1.2"}, 2)));
}

TEST(Consensus, FindsWhoIsRightAndWhoSaysTheOpposite) {
  Random random(5);
  const size_t items = 400;
  std::vector<std::string> lines(5, std::string(items, '.'));
  std::vector<size_t> truth(items);
  const std::vector<double> right = {0.95, 0.9, 0.9, 0.05, 0.5};
  for (size_t i = 0; i < items; ++i) {
    truth[i] = random.below(2);
    for (size_t a = 0; a < lines.size(); ++a) {
      const bool is_right = random.uniform() < right[a];
      lines[a][i] = static_cast<char>('1' + (is_right ? truth[i] : 1 - truth[i]));
    }
  }
  const Ratings all = ratings(lines, 2);
  const Consensus found = dawid_skene(all);
  EXPECT_TRUE(found.converged);
  size_t same = 0;
  for (size_t i = 0; i < items; ++i) same += found.label(i) == truth[i] ? 1 : 0;
  EXPECT_GT(same, items * 97 / 100);
  const auto qualities = annotator_qualities(all, found);
  for (size_t a = 0; a < lines.size(); ++a) {
    EXPECT_NEAR(qualities[a].accuracy, right[a], 0.06);
    EXPECT_NEAR(qualities[a].skill, (2 * right[a] - 1) * (2 * right[a] - 1), 0.12);
  }
}

TEST(Consensus, ItemsWithoutALabelHaveTheSharesOfTheClasses) {
  const Consensus found = dawid_skene(ratings({"112.", "112.", "12.."}, 2));
  EXPECT_EQ(found.probability(3, 0), found.shares[0]);
  EXPECT_EQ(found.label(2), 1U);
  double sum = 0;
  for (const double share : found.shares) sum += share;
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Consensus, ManyLabelsOfOneItemDoNotUnderflow) {
  std::vector<std::string> lines(3000, "12");
  for (size_t i = 0; i < 900; ++i) lines[i] = "21";
  const Consensus found = dawid_skene(ratings(lines, 2));
  EXPECT_FALSE(std::isnan(found.probability(0, 0)));
  EXPECT_EQ(found.label(0), 0U);
}

}  // namespace
}  // namespace millgate
