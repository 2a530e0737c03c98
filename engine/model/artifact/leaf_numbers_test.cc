#include "model/artifact/leaf_numbers.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/artifact/made_trees.h"

namespace millgate {
namespace {

TEST(LeafNumbers, AreThoseOfTheObviousWalk) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Trees trees = TreeMaker(seed).make(1 + seed % 7);
    const LeafNumbers leaves(trees);
    ASSERT_EQ(leaves.tree_count(), trees.roots.size());
    const std::vector<double> rows = make_rows(60, seed);
    const std::vector<uint32_t> numbers = leaves.of_rows(rows);
    ASSERT_EQ(numbers.size(), 60 * trees.roots.size());
    std::vector<std::set<int32_t>> leaf_of(leaves.number_end());
    for (size_t row = 0; row < 60; ++row) {
      for (size_t tree = 0; tree < trees.roots.size(); ++tree) {
        int32_t at = trees.roots[tree];
        while (at >= 0) {
          const TreeNode& node = trees.nodes[static_cast<size_t>(at)];
          const double value = rows[row * kMadeFeatures + node.feature];
          at = goes_left(trees, node, value) ? node.left : node.right;
        }
        const uint32_t number = numbers[row * trees.roots.size() + tree];
        ASSERT_LT(number, leaves.number_end());
        ASSERT_EQ(leaves.value(number), trees.leaves[static_cast<size_t>(~at)]);
        leaf_of[number].insert(at);
      }
    }
    // One number, one leaf.
    for (const auto& one : leaf_of) EXPECT_LE(one.size(), 1);
  }
}

TEST(LeafNumbers, RefusesWhatIsNoModel) { EXPECT_FALSE(LeafNumbers::read("no trees").ok()); }

}  // namespace
}  // namespace millgate
