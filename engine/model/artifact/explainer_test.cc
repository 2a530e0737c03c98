#include "model/artifact/explainer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>

#include "model/artifact/ensemble.h"
#include "model/artifact/lightgbm_twin.h"
#include "model/artifact/made_trees.h"
#include "model/artifact/tree_shap.h"
#include "model/artifact/twin_data.h"

namespace millgate {
namespace {

/// What a coalition of features is worth: the walk of `row`, averaged by training rows at splits
/// on features outside it.
double worth(const Trees& trees, int32_t at, const double* row, uint32_t coalition) {
  if (at < 0) return trees.leaves[static_cast<size_t>(~at)];
  const TreeNode& node = trees.nodes[static_cast<size_t>(at)];
  if ((coalition >> node.feature & 1U) != 0) {
    const bool left = goes_left(trees, node, row[node.feature]);
    return worth(trees, left ? node.left : node.right, row, coalition);
  }
  const auto rows = [&](int32_t child) {
    return child < 0 ? trees.leaf_rows[static_cast<size_t>(~child)]
                     : trees.node_rows[static_cast<size_t>(child)];
  };
  const double left = rows(node.left), right = rows(node.right);
  return (left * worth(trees, node.left, row, coalition) +
          right * worth(trees, node.right, row, coalition)) /
         (left + right);
}

/// Shapley's definition: the mean gain of adding `feature` to the coalitions before it.
double shapley(const Trees& trees, const double* row, uint32_t feature) {
  constexpr double kFactorial[] = {1, 1, 2, 6, 24, 120, 720, 5040};
  double sum = 0;
  for (uint32_t others = 0; others < 1U << kMadeFeatures; ++others) {
    if ((others >> feature & 1U) != 0) continue;
    const auto size = static_cast<size_t>(std::popcount(others));
    const double weight =
        kFactorial[size] * kFactorial[kMadeFeatures - size - 1] / kFactorial[kMadeFeatures];
    for (const int32_t root : trees.roots) {
      sum += weight *
             (worth(trees, root, row, others | 1U << feature) - worth(trees, root, row, others));
    }
  }
  return sum;
}

TEST(TreeShap, EqualsTheDefinitionOfShapley) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Trees trees = TreeMaker(seed).make(1 + seed % 4);
    const TreeShap shap(trees);
    const std::vector<double> rows = make_rows(9, seed);
    std::vector<double> found(rows.size(), 0.0);
    shap.add_contributions(rows, found);
    double base = 0;
    for (const int32_t root : trees.roots) base += worth(trees, root, rows.data(), 0);
    EXPECT_NEAR(shap.base(), base, 1e-13);
    for (size_t i = 0; i < found.size(); ++i) {
      const double* row = rows.data() + i / kMadeFeatures * kMadeFeatures;
      ASSERT_NEAR(found[i], shapley(trees, row, static_cast<uint32_t>(i % kMadeFeatures)), 1e-13)
          << "number " << i;
    }
  }
}

TEST(TreeShap, DoesNotDependOnTheRowsBeside) {
  const Trees trees = TreeMaker(7).make(12);
  const TreeShap shap(trees);
  const std::vector<double> rows = make_rows(100, 8);
  std::vector<double> together(rows.size(), 0.0);
  shap.add_contributions(rows, together);
  for (size_t row = 0; row < 100; ++row) {
    std::vector<double> alone(kMadeFeatures, 0.0);
    shap.add_contributions({rows.data() + row * kMadeFeatures, kMadeFeatures}, alone);
    for (size_t i = 0; i < kMadeFeatures; ++i) {
      ASSERT_EQ(alone[i], together[row * kMadeFeatures + i]) << "row " << row;
    }
  }
}

/// A chain: split k on feature k sends the row on to the next. Its deepest path has as many
/// features as there are splits.
Trees chain(size_t depth) {
  Trees trees;
  trees.feature_count = depth;
  trees.leaves.push_back(1);
  trees.leaf_rows.push_back(1);
  int32_t below = ~0;
  double rows = 1;
  for (size_t k = depth; k-- > 0;) {
    trees.leaves.push_back(0);
    trees.leaf_rows.push_back(1);
    rows += 1;
    TreeNode node;
    node.feature = static_cast<uint32_t>(k) & 0xffffffU;
    node.threshold = 0.5;
    node.left = below;
    node.right = ~static_cast<int32_t>(trees.leaves.size() - 1);
    below = static_cast<int32_t>(trees.nodes.size());
    trees.nodes.push_back(node);
    trees.node_rows.push_back(rows);
  }
  trees.roots = {below};
  return trees;
}

// All features pass: each takes part alike but for its share, and all add up to 1 - base. LightGBM
// itself loses additivity on such paths: its recursion subtracts.
TEST(TreeShap, StaysExactOnLongPaths) {
  for (const size_t depth : {1, 8, 9, 16, 17, 33, 200, 1000}) {
    const Trees trees = chain(depth);
    const TreeShap shap(trees);
    const std::vector<double> row(depth, 0.0);
    std::vector<double> found(depth, 0.0);
    shap.add_contributions(row, found);
    double sum = shap.base();
    for (const double one : found) {
      EXPECT_GT(one, 0) << depth;
      sum += one;
    }
    EXPECT_NEAR(sum, 1.0, 1e-12) << depth;
  }
}

TEST(TreeShap, SplitsThatNoRowReachedCountHalfAndHalf) {
  Trees trees = chain(2);
  std::fill(trees.leaf_rows.begin(), trees.leaf_rows.end(), 0.0);
  std::fill(trees.node_rows.begin(), trees.node_rows.end(), 0.0);
  const TreeShap shap(trees);
  EXPECT_EQ(shap.base(), 0.25);
  std::vector<double> found(2, 0.0);
  shap.add_contributions(std::vector<double>{0, 0}, found);
  EXPECT_NEAR(found[0], 0.375, 1e-15);
  EXPECT_NEAR(found[1], 0.375, 1e-15);
}

TEST(TreeShap, ASideWithoutTrainingRowsIsExact) {
  Trees trees = chain(2);
  trees.leaf_rows = {0, 5, 5};  // Nobody was in the deepest leaf.
  trees.node_rows = {5, 10};
  const TreeShap shap(trees);
  EXPECT_EQ(shap.base(), 0);
  std::vector<double> found(2, 0.0);
  shap.add_contributions(std::vector<double>{0, 0}, found);
  EXPECT_NEAR(found[0], 0.25, 1e-15);  // (v(1) - v()) / 2 + (v(12) - v(2)) / 2, v(12) = 1,
  EXPECT_NEAR(found[1], 0.75, 1e-15);  // v(2) = 1/2, v(1) = 0.
}

/// A setting of LightGBM whose contributions are compared.
struct Case {
  const char* name;
  const char* parameters;
  bool positive_labels = false;
  double factor = 1;  ///< Ours over LightGBM's: it adds up leaves before mean and slope.
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class TreeExplainer : public testing::TestWithParam<Case> {};

TEST_P(TreeExplainer, EqualsLightgbm) {
  const Case& one = GetParam();
  const TwinData data = twin_data(2000, 1, one.positive_labels);
  const LightgbmTwin twin(data.matrix, data.labels,
                          std::string(one.parameters) + " categorical_feature=4,5", 20);
  const auto explainer = load_explainer("lightgbm", twin.text());
  ASSERT_TRUE(explainer.ok()) << explainer.error().what;
  const auto scorer = load_lightgbm_text(twin.text());
  ASSERT_TRUE(scorer.ok());
  Matrix rows = strange_twin_rows(2);
  rows.values.insert(rows.values.end(), data.matrix.values.begin(),
                     data.matrix.values.begin() + 200 * kTwinColumns);
  const std::vector<double> expected = twin.contributions(rows);
  std::vector<double> found(rows.values.size());
  (*explainer)->explain(rows.values, found);
  std::vector<double> scores(static_cast<size_t>(rows.rows()));
  (*scorer)->score(rows.values, scores);
  for (size_t row = 0; row < scores.size(); ++row) {
    double sum = (*explainer)->base_value();
    ASSERT_NEAR(sum, one.factor * expected[row * (kTwinColumns + 1) + kTwinColumns], 1e-9);
    for (size_t i = 0; i < kTwinColumns; ++i) {
      const double contribution = found[row * kTwinColumns + i];
      ASSERT_NEAR(contribution, one.factor * expected[row * (kTwinColumns + 1) + i], 1e-9)
          << "row " << row << " feature " << i;
      sum += contribution;
    }
    ASSERT_NEAR(prediction_of((*explainer)->scale(), sum), scores[row],
                1e-9 * (1 + std::abs(scores[row])));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, TreeExplainer,
    testing::Values(
        Case{"binary", "objective=binary num_leaves=31"},
        Case{"deep", "objective=binary num_leaves=127 min_data_in_leaf=2"},
        Case{"sigmoid", "objective=binary sigmoid=2.5 num_leaves=7", false, 2.5},
        Case{"zero_as_missing", "objective=binary zero_as_missing=true"},
        Case{"no_missing", "objective=binary use_missing=false"},
        Case{"one_hot", "objective=binary max_cat_to_onehot=300"},
        Case{"wide_sets",
             "objective=binary min_data_per_group=1 cat_smooth=0 max_cat_threshold=200"},
        Case{"regression", "objective=regression"},
        Case{"regression_sqrt", "objective=regression reg_sqrt=true", true},
        Case{"poisson", "objective=poisson", true},
        Case{"dart", "objective=binary boosting=dart drop_rate=0.5"},
        Case{"bagging", "objective=binary bagging_freq=1 bagging_fraction=0.6"},
        Case{"forest", "objective=regression boosting=rf bagging_freq=1 bagging_fraction=0.6",
             false, 1.0 / 20},
        Case{"stumps", "objective=binary num_leaves=2"},
        Case{"only_constants", "objective=binary min_data_in_leaf=3000"}),
    [](const testing::TestParamInfo<Case>& one) { return one.param.name; });

TEST(Explainer, NeedsTheRowsOfTheLeaves) {
  const TwinData data = twin_data(500, 1, false);
  std::string text = LightgbmTwin(data.matrix, data.labels, "objective=binary", 2).text();
  const size_t at = text.find("leaf_count=");
  ASSERT_NE(at, std::string::npos);
  text.erase(at, text.find('\n', at) + 1 - at);
  ASSERT_TRUE(load_lightgbm_text(text).ok());
  const auto explainer = load_explainer("lightgbm", text);
  ASSERT_FALSE(explainer.ok());
  EXPECT_EQ(explainer.error().code, ErrorCode::invalid_input);
  EXPECT_NE(explainer.error().what.find("training rows"), std::string::npos);
  EXPECT_FALSE(load_explainer("pickle", text).ok());
}

TEST(Explainer, NamesCountsThatAreNone) {
  const TwinData data = twin_data(500, 1, false);
  std::string text = LightgbmTwin(data.matrix, data.labels, "objective=binary", 2).text();
  const size_t at = text.find("leaf_count=");
  text.insert(at + 11, "-");
  const auto explainer = load_explainer("lightgbm", text);
  ASSERT_FALSE(explainer.ok());
  EXPECT_EQ(explainer.error().code, ErrorCode::damaged);
  EXPECT_NE(explainer.error().what.find("leaf_count"), std::string::npos);
}

TEST(LinearExplainer, AddsUpToTheScore) {
  LinearModel model{.mean = {1, -2}, .scale = {2, 0.5}, .coefficient = {3, -1}, .intercept = 0.25};
  const auto scorer = make_linear_scorer(model);
  const auto explainer = load_explainer("linear", save_linear(model));
  ASSERT_TRUE(explainer.ok()) << explainer.error().what;
  EXPECT_EQ((*explainer)->scale(), ScoreScale::log_odds);
  EXPECT_EQ((*explainer)->base_value(), 0.25);
  const std::vector<double> rows = {5, -1, NAN, 3};
  std::vector<double> found(4);
  (*explainer)->explain(rows, found);
  EXPECT_EQ(found, (std::vector<double>{6, -2, 0, -10}));
  std::vector<double> scores(2);
  scorer->score(rows, scores);
  EXPECT_NEAR(prediction_of(ScoreScale::log_odds, 0.25 + 6 - 2), scores[0], 1e-15);
  EXPECT_NEAR(prediction_of(ScoreScale::log_odds, 0.25 - 10), scores[1], 1e-15);
}

}  // namespace
}  // namespace millgate
