#include "model/artifact/tree_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millgate {
namespace {

// LightGBM's constant is a float: 1.0000000180025095e-35.
constexpr double kZero = 1e-35F;
constexpr double kCategoryEnd = 2147483648.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr uint32_t kNoCategory = std::numeric_limits<uint32_t>::max();

// The words of steps that compare numbers: code 0 is a number, code 1 is NaN.
constexpr uint32_t kMissingLeft = 0;
constexpr uint32_t kMissingRight = 1;
constexpr uint32_t kNumberWords[] = {0b00, 0b10};

/// The code of a category as LightGBM reads it: what lies between -1 and 0 is category 0.
uint32_t category_code(double value) {
  if (!(value > -1 && value < kCategoryEnd)) return kNoCategory;  // Also NaN.
  return static_cast<uint32_t>(static_cast<int32_t>(value));
}

/// The code of a category as XGBoost reads it, plus 1: it keeps features in single precision.
uint32_t single_category_code(double value) {
  if (std::isnan(value)) return 0;
  constexpr float kEnd = 1 << 24;
  const auto single = static_cast<float>(value);
  if (!(single >= 0 && single < kEnd)) return kNoCategory;
  return static_cast<uint32_t>(single) + 1;
}

}  // namespace

TreeSteps::TreeSteps(const Trees& trees)
    : words_(std::begin(kNumberWords), std::end(kNumberWords)), set_words_(trees.sets.size(), 0) {
  steps_.reserve(trees.nodes.size() + trees.leaves.size());
  for (const int32_t root : trees.roots) add_tree(trees, root);
}

/// Breadth first: the steps that all rows take lie together.
void TreeSteps::add_tree(const Trees& trees, int32_t root) {
  roots_.push_back(static_cast<uint32_t>(steps_.size()));
  std::vector<int32_t> waiting = {root};
  steps_.emplace_back();
  leaves_.push_back(0);
  for (size_t next = 0; next < waiting.size(); ++next) {
    const int32_t from = waiting[next];
    set_step(trees, from, roots_.back() + static_cast<uint32_t>(next));
    if (from < 0) continue;
    const TreeNode& node = trees.nodes[static_cast<size_t>(from)];
    waiting.insert(waiting.end(), {node.left, node.right});
  }
}

/// Fills step `at` from node `from`, or leaf ~from; makes room for the two steps behind a node.
void TreeSteps::set_step(const Trees& trees, int32_t from, uint32_t at) {
  if (from < 0) {
    const int32_t leaf = ~from;
    leaves_[at] = trees.leaves[static_cast<size_t>(leaf)];
    steps_[at] = {
        .threshold = kInfinity, .column = 0, .left = at, .words = kMissingLeft, .last_word = 0};
    return;
  }
  Step step = split_step(trees, trees.nodes[static_cast<size_t>(from)]);
  step.left = static_cast<uint32_t>(steps_.size());
  steps_[at] = step;
  steps_.resize(steps_.size() + 2);
  leaves_.resize(steps_.size(), 0);
}

TreeSteps::Step TreeSteps::split_step(const Trees& trees, const TreeNode& node) {
  const auto rule = static_cast<SplitRule>(node.split);
  Step step;
  step.column = column_of(node.feature, rule);
  if (rule == SplitRule::category || rule == SplitRule::missing_or_category) {
    const CategorySet& set = trees.sets[node.categories];
    step.threshold = kInfinity;
    step.words = words_of(trees, node.categories);
    step.last_word = set.end - set.begin;
    return step;
  }
  step.threshold = node.threshold;
  const bool missing_left =
      rule == SplitRule::plain ? 0.0 <= node.threshold : node.default_left != 0;
  step.words = missing_left ? kMissingLeft : kMissingRight;
  return step;
}

uint32_t TreeSteps::column_of(uint32_t feature, SplitRule rule) {
  Reading reading = Reading::number;
  if (rule == SplitRule::zero_missing) reading = Reading::zero_as_missing;
  if (rule == SplitRule::category) reading = Reading::category;
  if (rule == SplitRule::missing_or_category) reading = Reading::missing_or_category;
  const Column wanted{.feature = feature, .reading = reading};
  const auto found = std::find(columns_.begin(), columns_.end(), wanted);
  const auto at = static_cast<uint32_t>(found - columns_.begin());
  if (found == columns_.end()) columns_.push_back(wanted);
  return at;
}

/// The complement of a set: the codes that go right. Written once a set.
uint32_t TreeSteps::words_of(const Trees& trees, uint32_t set) {
  if (set_words_[set] != 0) return set_words_[set];
  set_words_[set] = static_cast<uint32_t>(words_.size());
  for (uint32_t i = trees.sets[set].begin; i < trees.sets[set].end; ++i) {
    words_.push_back(~trees.category_words[i]);
  }
  words_.push_back(~uint32_t{0});
  return set_words_[set];
}

void TreeSteps::read_row(const double* features, Cell* cells) const {
  for (const Column& column : columns_) {
    const double value = features[column.feature];
    Cell& cell = *cells++;
    if (column.reading == Reading::category) {
      cell = {.number = -kInfinity, .code = category_code(value)};
      continue;
    }
    if (column.reading == Reading::missing_or_category) {
      cell = {.number = -kInfinity, .code = single_category_code(value)};
      continue;
    }
    const bool missing = std::isnan(value) ||
                         (column.reading == Reading::zero_as_missing && std::abs(value) <= kZero);
    cell = {.number = missing ? -kInfinity : value, .code = missing ? 1U : 0U};
  }
}

}  // namespace millgate
