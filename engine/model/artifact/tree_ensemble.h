/// Decision trees as they were read, and their evaluation (tree_walk.h). Inside the room: made by
/// the readers of LightGBM's and of XGBoost's models.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/artifact/class_scorer.h"
#include "model/artifact/ensemble.h"

namespace millgate {

/// How a node decides on a value x.
enum class SplitRule : uint8_t {
  plain,                ///< x <= threshold goes left; NaN counts as 0.
  zero_missing,         ///< As plain, but zero (within 1e-35) and NaN go the default way.
  nan_missing,          ///< As plain, but NaN goes the default way.
  category,             ///< trunc(x) in the node's set goes left; the rest, negative and NaN right.
  missing_or_category,  ///< As category, but bit 0 of the set is for NaN and bit c + 1 for the
                        ///< category c = trunc(float(x)), below 2^24.
};

/// A decision.
struct TreeNode {
  double threshold = 0;       ///< Not for categories.
  uint32_t feature : 24 = 0;  ///< Column of the row.
  uint32_t split : 7 = 0;     ///< A SplitRule.
  uint32_t default_left : 1 = 0;
  int32_t left = 0;  ///< Node number, or ~leaf number where negative.
  int32_t right = 0;
  uint32_t categories = 0;  ///< Number of the node's CategorySet.
};

/// A set of categories as bits: words [begin, end) of `category_words`.
struct CategorySet {
  uint32_t begin = 0;
  uint32_t end = 0;
};

/// What becomes of the sum of leaves.
enum class ScoreOutput : uint8_t { identity, sigmoid, exponential, signed_square };

/// All trees of a model. Numbers of nodes, leaves and sets are those of the whole ensemble.
struct Trees {
  std::vector<TreeNode> nodes;
  std::vector<double> leaves;
  std::vector<int32_t> roots;  ///< One a tree: a node, or ~leaf for a tree of one leaf.
  std::vector<CategorySet> sets;
  std::vector<uint32_t> category_words;
  size_t feature_count = 0;
  std::vector<double> gain;       ///< Per feature: sum over its splits.
  std::vector<double> node_gain;  ///< Of each node; empty where its format does not tell.
  std::vector<double> node_rows;  ///< Training rows behind each node; empty if not all are known.
  std::vector<double> leaf_rows;  ///< The same of the leaves.
  int leaf_count_max = 0;         ///< Of the largest tree.
  ScoreOutput output = ScoreOutput::identity;
  double sigmoid = 1;    ///< Slope of ScoreOutput::sigmoid.
  bool average = false;  ///< Divide the sum by the number of trees (random forest).
  double base = 0;       ///< What the sum begins with.
  /// Sums and the output are rounded to single precision at each step, as XGBoost's are.
  bool is_single = false;
};

/// The trees of LightGBM's text format; errors as `load_lightgbm_text`.
[[nodiscard]] Result<Trees> read_lightgbm_trees(std::string_view text);
/// Those of each class, as many for each; one where there are no classes.
[[nodiscard]] Result<std::vector<Trees>> read_lightgbm_classes(std::string_view text);

/// The trees of XGBoost's JSON or UBJ; errors as `load_scorer` (model_format.h).
[[nodiscard]] Result<Trees> read_xgboost_trees(std::string_view bytes);

/// The names that the file tells; empty when it tells none. Errors: `damaged`.
[[nodiscard]] Result<std::vector<std::string>> read_xgboost_names(std::string_view bytes);

/// The scorer of XGBoost's JSON or UBJ, of several classes too; errors as `load_scorer`.
[[nodiscard]] Result<std::shared_ptr<const Scorer>> load_xgboost(std::string_view bytes);

/// Scores by `trees`, whose numbers have been checked: each child exists and every node has one
/// parent, so that every walk ends; leaves are finite.
[[nodiscard]] std::shared_ptr<const Scorer> make_tree_scorer(const Trees& trees);
/// The same of several classes, each with trees of its own.
[[nodiscard]] std::shared_ptr<const Scorer> make_class_tree_scorer(
    const std::vector<Trees>& classes, ClassOutput output);

}  // namespace millgate
