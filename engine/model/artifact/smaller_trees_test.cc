#include "model/artifact/smaller_trees.h"

#include <LightGBM/c_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "model/artifact/ensemble.h"
#include "model/artifact/lightgbm_twin.h"
#include "model/artifact/made_trees.h"
#include "model/artifact/tree_ensemble.h"
#include "model/artifact/twin_data.h"

namespace millgate {
namespace {

std::vector<double> scores_of(const std::string& text, const Matrix& rows) {
  const auto scorer = load_lightgbm_text(text);
  EXPECT_TRUE(scorer.ok()) << scorer.error().what << " " << scorer.error().where;
  std::vector<double> scores(static_cast<size_t>(rows.rows()) * (*scorer)->output_count());
  (*scorer)->score(rows.values, scores);
  return scores;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

/// What LightGBM itself says of a text.
std::vector<double> lightgbm_says(const std::string& text, const Matrix& rows) {
  BoosterHandle booster = nullptr;
  int rounds = 0;
  EXPECT_EQ(LGBM_BoosterLoadModelFromString(text.c_str(), &rounds, &booster), 0)
      << LGBM_GetLastError();
  int classes = 0;
  EXPECT_EQ(LGBM_BoosterGetNumClasses(booster, &classes), 0);
  std::vector<double> out(static_cast<size_t>(rows.rows()) * static_cast<size_t>(classes));
  int64_t size = 0;
  EXPECT_EQ(LGBM_BoosterPredictForMat(booster, rows.values.data(), C_API_DTYPE_FLOAT64, rows.rows(),
                                      rows.columns, 1, C_API_PREDICT_NORMAL, 0, -1, "num_threads=1",
                                      &size, out.data()),
            0);
  LGBM_BoosterFree(booster);
  return out;
}

/// Training rows behind a node or leaf.
double rows_behind(const Trees& trees, int32_t at) {
  return at < 0 ? trees.leaf_rows[static_cast<size_t>(~at)]
                : trees.node_rows[static_cast<size_t>(at)];
}

/// The slow, obvious pruning: on a copy with pointers by number, one pair at a time, searched over
/// the whole tree again.
class SlowTree {
 public:
  SlowTree(const Trees& trees, int32_t root) : trees_(trees), root_(root) { leaves_ = count(root); }

  void prune(size_t most) {
    while (leaves_ > most) {
      int32_t best = -1;
      double least = 0;
      find(root_, best, least);
      const TreeNode& node = trees_.nodes[static_cast<size_t>(best)];
      const double left = rows_behind(trees_, node.left);
      const double right = rows_behind(trees_, node.right);
      merged_[best] = (left * value(node.left) + right * value(node.right)) / (left + right);
      --leaves_;
    }
  }

  double score(const double* row) const {
    int32_t at = root_;
    while (!is_leaf(at)) {
      const TreeNode& node = trees_.nodes[static_cast<size_t>(at)];
      at = goes_left(trees_, node, row[node.feature]) ? node.left : node.right;
    }
    return value(at);
  }

 private:
  bool is_leaf(int32_t at) const { return at < 0 || merged_.contains(at); }
  double value(int32_t at) const {
    return at < 0 ? trees_.leaves[static_cast<size_t>(~at)] : merged_.at(at);
  }
  size_t count(int32_t at) const {
    if (is_leaf(at)) return 1;
    const TreeNode& node = trees_.nodes[static_cast<size_t>(at)];
    return count(node.left) + count(node.right);
  }
  /// Parents first, left before right: the first of equal ones.
  void find(int32_t at, int32_t& best, double& least) const {
    if (is_leaf(at)) return;
    const TreeNode& node = trees_.nodes[static_cast<size_t>(at)];
    if (is_leaf(node.left) && is_leaf(node.right)) {
      const double left = rows_behind(trees_, node.left);
      const double right = rows_behind(trees_, node.right);
      const double apart = value(node.left) - value(node.right);
      const double loss = left * right / (left + right) * apart * apart;
      if (best < 0 || loss < least) {
        best = at;
        least = loss;
      }
    }
    find(node.left, best, least);
    find(node.right, best, least);
  }

  const Trees& trees_;
  int32_t root_;
  std::map<int32_t, double> merged_;
  size_t leaves_ = 0;
};

class SmallerTrees : public testing::TestWithParam<const char*> {
 protected:
  SmallerTrees()
      : data_(twin_data(3000, 1, false)),
        text_(LightgbmTwin(data_.matrix, data_.labels,
                           std::string(GetParam()) + " num_leaves=31 categorical_feature=4,5", 20)
                  .text()) {}

  /// Rows of training, and strange ones.
  std::vector<Matrix> rows() const { return {data_.matrix, strange_twin_rows(2)}; }

  TwinData data_;
  std::string text_;
};

TEST_P(SmallerTrees, PredictTheSameBitsWhenNothingIsAsked) {
  const auto lean = smaller_lightgbm_text(text_, {});
  ASSERT_TRUE(lean.ok()) << lean.error().what;
  EXPECT_LT(lean->size(), text_.size());
  for (const Matrix& some : rows()) {
    EXPECT_TRUE(same_bits(scores_of(*lean, some), scores_of(text_, some)));
  }
  // All bits of a double are kept; and what is lean already stays as it is.
  EXPECT_EQ(*smaller_lightgbm_text(text_, {.bits = 53}), *lean);
  EXPECT_EQ(*smaller_lightgbm_text(*lean, {}), *lean);
  const auto importance = (*load_lightgbm_text(text_))->importance();
  const auto again = (*load_lightgbm_text(*lean))->importance();
  for (size_t i = 0; i < importance.size(); ++i) EXPECT_NEAR(again[i], importance[i], 1e-5);
}

TEST_P(SmallerTrees, AreReadByLightgbm) {
  for (const Smaller& how : {Smaller{}, Smaller{.trees = 7}, Smaller{.leaves = 5},
                             Smaller{.leaves = 1}, Smaller{.trees = 9, .leaves = 8, .bits = 11}}) {
    const auto text = smaller_lightgbm_text(text_, how);
    ASSERT_TRUE(text.ok()) << text.error().what;
    const std::vector<double> expected = lightgbm_says(*text, data_.matrix);
    const std::vector<double> scores = scores_of(*text, data_.matrix);
    for (size_t i = 0; i < scores.size(); ++i) {
      ASSERT_NEAR(scores[i], expected[i], 1e-12 * (1 + std::abs(expected[i]))) << "row " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Objectives, SmallerTrees,
                         testing::Values("objective=binary", "objective=regression",
                                         "objective=regression use_missing=false",
                                         "objective=binary zero_as_missing=true",
                                         "objective=binary max_cat_to_onehot=300"));

class SmallerBinary : public SmallerTrees {};

TEST_P(SmallerBinary, PrunedTreesEqualBruteForce) {
  const Trees trees = *read_lightgbm_trees(text_);
  for (const int leaves : {1, 2, 3, 8, 20, 30, 100}) {
    const Trees pruned = *read_lightgbm_trees(*smaller_lightgbm_text(text_, {.leaves = leaves}));
    ASSERT_EQ(pruned.roots.size(), trees.roots.size());
    EXPECT_LE(pruned.leaf_count_max, leaves);
    for (size_t tree = 0; tree < trees.roots.size(); ++tree) {
      SlowTree slow(trees, trees.roots[tree]);
      slow.prune(static_cast<size_t>(leaves));
      SlowTree ours(pruned, pruned.roots[tree]);
      for (const Matrix& some : rows()) {
        for (int32_t row = 0; row < some.rows(); ++row) {
          const double* const values =
              some.values.data() + static_cast<ptrdiff_t>(row) * some.columns;
          ASSERT_EQ(ours.score(values), slow.score(values)) << "tree " << tree << " row " << row;
        }
      }
    }
  }
}

TEST_P(SmallerBinary, KeepTheFirstTrees) {
  const Trees trees = *read_lightgbm_trees(text_);
  const Trees fewer = *read_lightgbm_trees(*smaller_lightgbm_text(text_, {.trees = 6}));
  ASSERT_EQ(fewer.roots.size(), 6U);
  for (size_t tree = 0; tree < 6; ++tree) {
    const SlowTree whole(trees, trees.roots[tree]);
    const SlowTree kept(fewer, fewer.roots[tree]);
    for (int32_t row = 0; row < data_.matrix.rows(); ++row) {
      const double* const values =
          data_.matrix.values.data() + static_cast<ptrdiff_t>(row) * data_.matrix.columns;
      ASSERT_EQ(kept.score(values), whole.score(values));
    }
  }
  EXPECT_EQ(*smaller_lightgbm_text(text_, {.trees = 500}), *smaller_lightgbm_text(text_, {}));
}

TEST_P(SmallerBinary, NumbersHaveTheBitsAskedFor) {
  const Trees trees = *read_lightgbm_trees(text_);
  const Trees single = *read_lightgbm_trees(*smaller_lightgbm_text(text_, {.bits = 24}));
  ASSERT_EQ(single.leaves.size(), trees.leaves.size());
  for (const double leaf : single.leaves)
    EXPECT_EQ(leaf, static_cast<double>(static_cast<float>(leaf)));
  const auto sorted = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values;
  };
  // IEEE 754's own rounding to single precision is the same.
  std::vector<double> expected = trees.leaves;
  for (double& leaf : expected) leaf = static_cast<float>(leaf);
  EXPECT_EQ(sorted(single.leaves), sorted(expected));
  const Trees half = *read_lightgbm_trees(*smaller_lightgbm_text(text_, {.bits = 11}));
  for (const double leaf : half.leaves) {
    int exponent = 0;
    const double scaled = std::ldexp(std::frexp(leaf, &exponent), 11);
    EXPECT_EQ(scaled, std::nearbyint(scaled)) << leaf;
  }
  EXPECT_LT(smaller_lightgbm_text(text_, {.bits = 11})->size(),
            smaller_lightgbm_text(text_, {.bits = 24})->size());
}

INSTANTIATE_TEST_SUITE_P(One, SmallerBinary, testing::Values("objective=binary"));

TEST(SmallerClasses, KeepRoundsOfAllClasses) {
  TwinData data = twin_data(2000, 3, false);
  for (size_t i = 0; i < data.labels.size(); ++i) {
    data.labels[i] = static_cast<float>((static_cast<size_t>(data.labels[i]) + i) % 3);
  }
  const std::string text =
      LightgbmTwin(data.matrix, data.labels,
                   "objective=multiclass num_class=3 categorical_feature=4,5", 8)
          .text();
  EXPECT_TRUE(same_bits(scores_of(*smaller_lightgbm_text(text, {}), data.matrix),
                        scores_of(text, data.matrix)));
  const std::string fewer = *smaller_lightgbm_text(text, {.trees = 3});
  EXPECT_EQ(read_lightgbm_classes(fewer)->front().roots.size(), 3U);
  const std::vector<double> expected = lightgbm_says(fewer, data.matrix);
  const std::vector<double> scores = scores_of(fewer, data.matrix);
  for (size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i], expected[i], 1e-12);
}

TEST(SmallerErrors, NameWhatIsOutOfRange) {
  const TwinData data = twin_data(500, 1, false);
  const std::string text = LightgbmTwin(data.matrix, data.labels, "objective=binary", 2).text();
  EXPECT_EQ(smaller_lightgbm_text(text, {.bits = 1}).error().what,
            "`keep_bits` = 1 is not between 2 and 53");
  EXPECT_EQ(smaller_lightgbm_text(text, {.bits = 54}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(smaller_lightgbm_text(text, {.trees = -1}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(smaller_lightgbm_text("tree\n", {}).error().code, ErrorCode::damaged);
}

}  // namespace
}  // namespace millgate
