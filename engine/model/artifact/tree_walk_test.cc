#include "model/artifact/tree_walk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr size_t kFeatures = 7;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The slow, obvious walk: the rules as tree_ensemble.h words them.
bool goes_left(const Trees& trees, const TreeNode& node, double value) {
  const bool is_zero = std::abs(value) <= double{1e-35F};
  switch (static_cast<SplitRule>(node.split)) {
    case SplitRule::plain:
      return (std::isnan(value) ? 0.0 : value) <= node.threshold;
    case SplitRule::zero_missing:
      return std::isnan(value) || is_zero ? node.default_left != 0 : value <= node.threshold;
    case SplitRule::nan_missing:
      return std::isnan(value) ? node.default_left != 0 : value <= node.threshold;
    case SplitRule::category:
      break;
  }
  if (std::isnan(value) || std::trunc(value) < 0 || value >= 2147483648.0) return false;
  const auto category = static_cast<uint32_t>(std::trunc(value));
  const CategorySet& set = trees.sets[node.categories];
  if (category >= 32 * (set.end - set.begin)) return false;
  return (trees.category_words[set.begin + category / 32] >> (category % 32) & 1U) != 0;
}

double sum_of_leaves(const Trees& trees, const double* row) {
  double sum = 0;
  for (int32_t at : trees.roots) {
    while (at >= 0) {
      const TreeNode& node = trees.nodes[static_cast<size_t>(at)];
      at = goes_left(trees, node, row[node.feature]) ? node.left : node.right;
    }
    sum += trees.leaves[static_cast<size_t>(~at)];
  }
  return sum;
}

/// Makes trees of every shape: single leaves, chains and bushes, with every rule of splits.
class TreeMaker {
 public:
  explicit TreeMaker(uint64_t seed) : random_(seed) {}

  Trees make(size_t count) {
    trees_.feature_count = kFeatures;
    for (size_t i = 0; i < count; ++i) trees_.roots.push_back(grow(random_.below(9)));
    return std::move(trees_);
  }

 private:
  int32_t grow(uint64_t depth) {
    if (depth == 0 || random_.below(6) == 0) {
      trees_.leaves.push_back(random_.normal());
      return ~static_cast<int32_t>(trees_.leaves.size() - 1);
    }
    TreeNode node;
    node.feature = static_cast<uint32_t>(random_.below(kFeatures)) & 0xffffffU;
    node.split = static_cast<uint32_t>(random_.below(4)) & 0x7fU;
    node.default_left = random_.below(2) & 1U;
    const double thresholds[] = {-1, -0.0, 0, 0.5, 2, kInfinity, -kInfinity, random_.normal()};
    node.threshold = thresholds[random_.below(std::size(thresholds))];
    if (node.split == static_cast<uint32_t>(SplitRule::category)) node.categories = make_set();
    node.left = grow(depth - 1);
    node.right = grow(random_.below(depth));
    trees_.nodes.push_back(node);
    return static_cast<int32_t>(trees_.nodes.size() - 1);
  }

  /// Sets are shared by some nodes, and some are empty.
  uint32_t make_set() {
    if (!trees_.sets.empty() && random_.below(3) == 0) {
      return static_cast<uint32_t>(random_.below(trees_.sets.size()));
    }
    const auto begin = static_cast<uint32_t>(trees_.category_words.size());
    for (uint64_t words = random_.below(4); words > 0; --words) {
      trees_.category_words.push_back(static_cast<uint32_t>(random_.below(uint64_t{1} << 32)));
    }
    trees_.sets.push_back({begin, static_cast<uint32_t>(trees_.category_words.size())});
    return static_cast<uint32_t>(trees_.sets.size() - 1);
  }

  Random random_;
  Trees trees_;
};

std::vector<double> make_rows(size_t count, uint64_t seed) {
  Random random(seed);
  const double strange[] = {NAN,  kInfinity, -kInfinity,   0,     -0.0,  1e-36, -1e-35, 2e-35,
                            -0.5, -1,        2147483647.0, 2.2e9, 1e300, 31,    32,     95.5};
  std::vector<double> rows(count * kFeatures);
  for (double& value : rows) {
    const uint64_t kind = random.below(3);
    value = kind == 0   ? strange[random.below(std::size(strange))]
            : kind == 1 ? static_cast<double>(random.below(100))
                        : random.normal();
  }
  return rows;
}

TEST(TreeWalk, EqualsTheObviousWalkBitByBit) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Trees trees = TreeMaker(seed).make(1 + seed % 21);
    const TreeWalk walk(trees);
    for (const size_t count : {1, 2, 7, 8, 9, 63, 64, 65, 130}) {
      const std::vector<double> rows = make_rows(count, seed * 1000 + count);
      std::vector<double> sums(count, 0.0);
      walk.add_leaves(rows, sums);
      for (size_t row = 0; row < count; ++row) {
        ASSERT_EQ(sums[row], sum_of_leaves(trees, rows.data() + row * kFeatures))
            << "row " << row << " of " << count;
      }
    }
  }
}

TEST(TreeWalk, TreesOfOneLeafReadNothing) {
  Trees trees;
  trees.leaves = {0.25, 0.5};
  trees.roots = {~0, ~1};
  std::vector<double> sums(9, 1.0);
  TreeWalk(trees).add_leaves({}, sums);
  EXPECT_EQ(sums, std::vector<double>(9, 1.75));
}

TEST(TreeWalk, NoRowsAndNoTrees) {
  TreeWalk(Trees{}).add_leaves({}, {});
  std::vector<double> sums = {3.0};
  TreeWalk(Trees{}).add_leaves({}, sums);
  EXPECT_EQ(sums[0], 3.0);
}

}  // namespace
}  // namespace millgate
