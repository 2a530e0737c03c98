#include "model/artifact/tree_ensemble.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace millgate {
namespace {

static_assert(sizeof(TreeNode) == 24 + 8 || sizeof(TreeNode) == 24);

// LightGBM's constant is a float: 1.0000000180025095e-35.
constexpr double kZero = 1e-35F;
constexpr double kCategoryEnd = 2147483648.0;

class TreeEnsemble final : public Scorer {
 public:
  explicit TreeEnsemble(Trees trees) : trees_(std::move(trees)) {}

  [[nodiscard]] size_t feature_count() const override { return trees_.feature_count; }

  void score(std::span<const double> features, std::span<double> out) const override {
    assert(features.size() == out.size() * trees_.feature_count);
    // A tree is walked by several rows while it lies in the cache. Each row still adds its
    // leaves in the order of trees, so that the sum does not depend on the rows beside it.
    constexpr size_t kRowsAtOnce = 64;
    for (size_t begin = 0; begin < out.size(); begin += kRowsAtOnce) {
      const size_t end = std::min(begin + kRowsAtOnce, out.size());
      std::fill(out.begin() + static_cast<ptrdiff_t>(begin),
                out.begin() + static_cast<ptrdiff_t>(end), 0.0);
      for (int32_t root : trees_.roots) {
        for (size_t row = begin; row < end; ++row) {
          out[row] += leaf_of(root, features.data() + row * trees_.feature_count);
        }
      }
      for (size_t row = begin; row < end; ++row) out[row] = convert(out[row]);
    }
  }

  [[nodiscard]] std::vector<double> importance() const override {
    double sum = 0;
    for (double gain : trees_.gain) sum += gain;
    std::vector<double> shares = trees_.gain;
    for (double& share : shares) share = sum > 0 ? share / sum : 0;
    return shares;
  }

  [[nodiscard]] std::string describe() const override {
    return (trees_.average ? "random forest, " : "gbdt, ") + std::to_string(trees_.roots.size()) +
           (trees_.roots.size() == 1 ? " tree, " : " trees, ") +
           std::to_string(trees_.leaf_count_max) +
           (trees_.leaf_count_max == 1 ? " leaf" : " leaves");
  }

 private:
  [[nodiscard]] double leaf_of(int32_t at, const double* row) const {
    while (at >= 0) {
      const TreeNode& node = trees_.nodes[static_cast<size_t>(at)];
      at = goes_left(node, row[node.feature]) ? node.left : node.right;
    }
    return trees_.leaves[static_cast<size_t>(~at)];
  }

  [[nodiscard]] bool goes_left(const TreeNode& node, double value) const {
    switch (static_cast<SplitRule>(node.split)) {
      case SplitRule::plain:
        return (std::isnan(value) ? 0.0 : value) <= node.threshold;
      case SplitRule::nan_missing:
        return std::isnan(value) ? node.default_left != 0 : value <= node.threshold;
      case SplitRule::zero_missing:
        return std::isnan(value) || std::abs(value) <= kZero ? node.default_left != 0
                                                             : value <= node.threshold;
      case SplitRule::category:
        return in_set(trees_.sets[node.categories], value);
    }
    return false;
  }

  [[nodiscard]] bool in_set(const CategorySet& set, double value) const {
    // Also false for NaN. What lies between -1 and 0 is category 0, as for LightGBM.
    if (!(value > -1 && value < kCategoryEnd)) return false;
    const uint32_t category = static_cast<uint32_t>(static_cast<int32_t>(value));
    if (category / 32 >= set.end - set.begin) return false;
    return (trees_.category_words[set.begin + category / 32] >> (category % 32) & 1U) != 0;
  }

  [[nodiscard]] double convert(double sum) const {
    if (trees_.average) sum /= static_cast<double>(trees_.roots.size());
    switch (trees_.output) {
      case ScoreOutput::identity:
        return sum;
      case ScoreOutput::sigmoid:
        return 1.0 / (1.0 + std::exp(-trees_.sigmoid * sum));
      case ScoreOutput::exponential:
        return std::exp(sum);
      case ScoreOutput::signed_square:
        return std::copysign(sum * sum, sum);
    }
    return sum;
  }

  Trees trees_;
};

}  // namespace

std::shared_ptr<const Scorer> make_tree_scorer(Trees trees) {
  return std::make_shared<TreeEnsemble>(std::move(trees));
}

}  // namespace millgate
