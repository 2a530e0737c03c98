#include "model/artifact/tree_ensemble.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/artifact/tree_walk.h"

namespace millgate {
namespace {

class TreeEnsemble final : public Scorer {
 public:
  explicit TreeEnsemble(const Trees& trees)
      : walk_(trees),
        feature_count_(trees.feature_count),
        tree_count_(trees.roots.size()),
        gain_(trees.gain),
        leaf_count_max_(trees.leaf_count_max),
        output_(trees.output),
        sigmoid_(trees.sigmoid),
        base_(trees.base),
        average_(trees.average),
        is_single_(trees.is_single) {}

  [[nodiscard]] size_t feature_count() const override { return feature_count_; }

  void score(std::span<const double> features, std::span<double> out) const override {
    assert(features.size() == out.size() * feature_count_);
    std::fill(out.begin(), out.end(), base_);
    walk_.add_leaves(features, out);
    for (double& value : out) {
      value = is_single_ ? convert_single(static_cast<float>(value)) : convert(value);
    }
  }

  [[nodiscard]] std::vector<double> importance() const override {
    double sum = 0;
    for (double gain : gain_) sum += gain;
    std::vector<double> shares = gain_;
    for (double& share : shares) share = sum > 0 ? share / sum : 0;
    return shares;
  }

  [[nodiscard]] std::string describe() const override {
    return (average_ ? "random forest, " : "gbdt, ") + std::to_string(tree_count_) +
           (tree_count_ == 1 ? " tree, " : " trees, ") + std::to_string(leaf_count_max_) +
           (leaf_count_max_ == 1 ? " leaf" : " leaves");
  }

 private:
  [[nodiscard]] double convert(double sum) const {
    if (average_) sum /= static_cast<double>(tree_count_);
    switch (output_) {
      case ScoreOutput::identity:
        return sum;
      case ScoreOutput::sigmoid:
        return 1.0 / (1.0 + std::exp(-sigmoid_ * sum));
      case ScoreOutput::exponential:
        return std::exp(sum);
      case ScoreOutput::signed_square:
        return std::copysign(sum * sum, sum);
    }
    return sum;
  }

  /// As XGBoost computes them, bit by bit.
  [[nodiscard]] double convert_single(float sum) const {
    constexpr float kExponentMax = 88.7F;  // Keeps the exponential finite.
    if (output_ == ScoreOutput::sigmoid) {
      return 1.0F / (std::exp(std::min(-sum, kExponentMax)) + 1.0F);
    }
    return output_ == ScoreOutput::exponential ? std::exp(sum) : sum;
  }

  TreeWalk walk_;
  size_t feature_count_;
  size_t tree_count_;
  std::vector<double> gain_;
  int leaf_count_max_;
  ScoreOutput output_;
  double sigmoid_;
  double base_;
  bool average_;
  bool is_single_;
};

}  // namespace

std::shared_ptr<const Scorer> make_tree_scorer(const Trees& trees) {
  return std::make_shared<TreeEnsemble>(trees);
}

std::shared_ptr<const Scorer> make_class_tree_scorer(const std::vector<Trees>& classes,
                                                     ClassOutput output) {
  ClassScorerParts parts;
  parts.output = output;
  parts.importance.assign(classes.front().feature_count, 0);
  double gain = 0;
  int leaf_count_max = 0;
  size_t tree_count = 0;
  for (const Trees& trees : classes) {
    parts.classes.push_back(make_tree_scorer(trees));
    for (size_t j = 0; j < trees.gain.size(); ++j) {
      parts.importance[j] += trees.gain[j];
      gain += trees.gain[j];
    }
    leaf_count_max = std::max(leaf_count_max, trees.leaf_count_max);
    tree_count += trees.roots.size();
  }
  for (double& one : parts.importance) one = gain > 0 ? one / gain : 0;
  parts.description = "gbdt, " + std::to_string(classes.size()) + " classes, " +
                      std::to_string(tree_count) + " trees, " + std::to_string(leaf_count_max) +
                      (leaf_count_max == 1 ? " leaf" : " leaves");
  return make_class_scorer(std::move(parts));
}

}  // namespace millgate
