#include "model/artifact/tree_walk.h"

#include <gtest/gtest.h>

#include <string>

#include "model/artifact/made_trees.h"

namespace millgate {
namespace {

double sum_of_leaves(const Trees& trees, const double* row) {
  double sum = 0;
  for (int32_t at : trees.roots) {
    while (at >= 0) {
      const TreeNode& node = trees.nodes[static_cast<size_t>(at)];
      at = goes_left(trees, node, row[node.feature]) ? node.left : node.right;
    }
    sum += trees.leaves[static_cast<size_t>(~at)];
    if (trees.is_single) sum = static_cast<float>(sum);
  }
  return sum;
}

TEST(TreeWalk, EqualsTheObviousWalkBitByBit) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trees trees = TreeMaker(seed).make(1 + seed % 21);
    trees.is_single = seed % 3 == 0;
    const TreeWalk walk(trees);
    for (const size_t count : {1, 2, 7, 8, 9, 63, 64, 65, 130}) {
      const std::vector<double> rows = make_rows(count, seed * 1000 + count);
      std::vector<double> sums(count, 0.0);
      walk.add_leaves(rows, sums);
      for (size_t row = 0; row < count; ++row) {
        ASSERT_EQ(sums[row], sum_of_leaves(trees, rows.data() + row * kMadeFeatures))
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
