/// Trees and rows made up for the tests of this room. Include in .cc files only.
#pragma once

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "ground/random.h"
#include "model/artifact/tree_ensemble.h"

namespace millgate {

inline constexpr size_t kMadeFeatures = 7;

/// The slow, obvious step: the rules as tree_ensemble.h words them.
inline bool goes_left(const Trees& trees, const TreeNode& node, double value) {
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
    case SplitRule::missing_or_category: {
      const auto single = static_cast<float>(value);
      if (single < 0 || single >= 16777216.0F) return false;
      const size_t bit = std::isnan(single) ? 0 : static_cast<size_t>(single) + 1;
      const CategorySet& set = trees.sets[node.categories];
      if (bit >= 32 * size_t{set.end - set.begin}) return false;
      return (trees.category_words[set.begin + bit / 32] >> (bit % 32) & 1U) != 0;
    }
  }
  if (std::isnan(value) || std::trunc(value) < 0 || value >= 2147483648.0) return false;
  const auto category = static_cast<uint32_t>(std::trunc(value));
  const CategorySet& set = trees.sets[node.categories];
  if (category >= 32 * (set.end - set.begin)) return false;
  return (trees.category_words[set.begin + category / 32] >> (category % 32) & 1U) != 0;
}

/// Makes trees of every shape: single leaves, chains and bushes, with every rule of splits.
class TreeMaker {
 public:
  explicit TreeMaker(uint64_t seed) : random_(seed) {}

  Trees make(size_t count) {
    trees_.feature_count = kMadeFeatures;
    for (size_t i = 0; i < count; ++i) trees_.roots.push_back(grow(random_.below(9)));
    return std::move(trees_);
  }

 private:
  int32_t grow(uint64_t depth) {
    if (depth == 0 || random_.below(6) == 0) {
      trees_.leaves.push_back(random_.normal());
      trees_.leaf_rows.push_back(static_cast<double>(1 + random_.below(100)));
      return ~static_cast<int32_t>(trees_.leaves.size() - 1);
    }
    TreeNode node;
    node.feature = static_cast<uint32_t>(random_.below(kMadeFeatures)) & 0xffffffU;
    node.split = static_cast<uint32_t>(random_.below(5)) & 0x7fU;
    node.default_left = random_.below(2) & 1U;
    const double thresholds[] = {-1,
                                 -0.0,
                                 0,
                                 0.5,
                                 2,
                                 std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 random_.normal()};
    node.threshold = thresholds[random_.below(std::size(thresholds))];
    if (node.split >= static_cast<uint32_t>(SplitRule::category)) node.categories = make_set();
    node.left = grow(depth - 1);
    node.right = grow(random_.below(depth));
    trees_.node_rows.push_back(rows_behind(node.left) + rows_behind(node.right));
    trees_.nodes.push_back(node);
    return static_cast<int32_t>(trees_.nodes.size() - 1);
  }

  double rows_behind(int32_t child) const {
    return child < 0 ? trees_.leaf_rows[static_cast<size_t>(~child)]
                     : trees_.node_rows[static_cast<size_t>(child)];
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

/// Rows with numbers that splits treat apart.
inline std::vector<double> make_rows(size_t count, uint64_t seed) {
  Random random(seed);
  const double strange[] = {NAN,
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            0,
                            -0.0,
                            1e-36,
                            -1e-35,
                            2e-35,
                            -0.5,
                            -1,
                            2147483647.0,
                            2.2e9,
                            1e300,
                            31,
                            32,
                            95.5};
  std::vector<double> rows(count * kMadeFeatures);
  for (double& value : rows) {
    const uint64_t kind = random.below(3);
    value = kind == 0   ? strange[random.below(std::size(strange))]
            : kind == 1 ? static_cast<double>(random.below(100))
                        : random.normal();
  }
  return rows;
}

}  // namespace millgate
