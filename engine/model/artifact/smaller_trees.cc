#include "model/artifact/smaller_trees.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ground/shortest_text.h"
#include "model/artifact/tree_ensemble.h"

namespace millgate {
namespace {

/// To `bits` significant bits, halves to even.
double rounded_to(double value, int bits) {
  if (bits == 0 || !std::isfinite(value)) return value;
  int exponent = 0;
  const double part = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(part, bits)), exponent - bits);
}

/// A node or leaf of one tree.
struct Branch {
  bool is_leaf = true;
  TreeNode node;     ///< Of a decision; its children are numbers of branches.
  double gain = 0;   ///< Of a decision.
  double value = 0;  ///< Of a leaf.
  double rows = 0;   ///< Training rows.
  int32_t parent = -1;
};

/// One tree, its root first. Children come after their parent.
class OneTree {
 public:
  OneTree(const Trees& trees, int32_t root) { add(trees, root, -1); }

  [[nodiscard]] size_t leaf_count() const { return leaf_count_; }

  /// What is lost by making one leaf of the two of `at`: the squared error that this adds on the
  /// training rows, in units of scores.
  [[nodiscard]] double loss_of(size_t at) const {
    const Branch& left = branches_[static_cast<size_t>(branches_[at].node.left)];
    const Branch& right = branches_[static_cast<size_t>(branches_[at].node.right)];
    const double rows = left.rows + right.rows;
    const double apart = left.value - right.value;
    return rows > 0 ? left.rows * right.rows / rows * apart * apart : 0;
  }

  void prune(size_t leaves) {
    while (leaf_count_ > leaves) {
      size_t best = branches_.size();
      for (size_t at = 0; at < branches_.size(); ++at) {
        if (!has_two_leaves(at)) continue;
        if (best == branches_.size() || loss_of(at) < loss_of(best)) best = at;
      }
      merge(best);
    }
  }

  void round(int bits) {
    for (Branch& one : branches_) {
      one.value = rounded_to(one.value, bits);
      one.node.threshold = rounded_to(one.node.threshold, bits);
    }
  }

  /// The lines of LightGBM's text from `num_leaves` on.
  [[nodiscard]] std::string text(const Trees& trees, bool has_rows) const;

 private:
  int32_t add(const Trees& trees, int32_t from, int32_t parent) {
    const auto at = static_cast<int32_t>(branches_.size());
    Branch& made = branches_.emplace_back();
    made.parent = parent;
    if (from < 0) {
      const int32_t number_of_leaf = ~from;
      const auto leaf = static_cast<size_t>(number_of_leaf);
      made.value = trees.leaves[leaf];
      if (!trees.leaf_rows.empty()) made.rows = trees.leaf_rows[leaf];
      ++leaf_count_;
      return at;
    }
    const auto number = static_cast<size_t>(from);
    const TreeNode node = trees.nodes[number];
    made.is_leaf = false;
    made.node = node;
    made.gain = trees.node_gain[number];
    if (!trees.node_rows.empty()) made.rows = trees.node_rows[number];
    const int32_t left = add(trees, node.left, at);
    const int32_t right = add(trees, node.right, at);
    branches_[static_cast<size_t>(at)].node.left = left;
    branches_[static_cast<size_t>(at)].node.right = right;
    return at;
  }

  [[nodiscard]] bool is_gone(size_t at) const {
    const int32_t parent = branches_[at].parent;
    return parent >= 0 && branches_[static_cast<size_t>(parent)].is_leaf;
  }
  [[nodiscard]] bool has_two_leaves(size_t at) const {
    const Branch& one = branches_[at];
    return !one.is_leaf && !is_gone(at) && branches_[static_cast<size_t>(one.node.left)].is_leaf &&
           branches_[static_cast<size_t>(one.node.right)].is_leaf;
  }
  void merge(size_t at) {
    Branch& one = branches_[at];
    const Branch& left = branches_[static_cast<size_t>(one.node.left)];
    const Branch& right = branches_[static_cast<size_t>(one.node.right)];
    const double rows = left.rows + right.rows;
    one.value = rows > 0 ? (left.rows * left.value + right.rows * right.value) / rows
                         : (left.value + right.value) / 2;
    one.rows = rows;
    one.is_leaf = true;
    --leaf_count_;
  }

  std::vector<Branch> branches_;
  size_t leaf_count_ = 0;
};

/// LightGBM's decision_type.
int decision_of(const TreeNode& node) {
  constexpr int kByNumber[] = {0, 4, 8};  // Missing: never, zero, NaN.
  const auto rule = static_cast<SplitRule>(node.split);
  if (rule == SplitRule::category) return 1 | 8;
  return kByNumber[static_cast<int>(rule)] | (node.default_left != 0 ? 2 : 0);
}

/// "key=1 2 3" as it grows.
class NumberLine {
 public:
  explicit NumberLine(const char* key) : text_(std::string(key) + "=") {}
  void add(const std::string& number) {
    if (text_.back() != '=') text_ += ' ';
    text_ += number;
  }
  void add(int64_t number) { add(std::to_string(number)); }
  [[nodiscard]] std::string line() const { return text_ + "\n"; }

 private:
  std::string text_;
};

/// Six digits, as LightGBM writes gains: nobody adds them up to be exact.
std::string brief_number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
  return {text, end.ptr};
}

std::string OneTree::text(const Trees& trees, bool has_rows) const {
  // Decisions and leaves are numbered each for themselves, as they stand.
  std::vector<int64_t> numbers(branches_.size(), 0);
  int64_t decisions = 0;
  int64_t leaves = 0;
  for (size_t at = 0; at < branches_.size(); ++at) {
    if (is_gone(at)) continue;
    numbers[at] = branches_[at].is_leaf ? ~leaves++ : decisions++;
  }
  NumberLine feature("split_feature"), gain("split_gain"), threshold("threshold");
  NumberLine decision("decision_type"), left("left_child"), right("right_child");
  NumberLine value("leaf_value"), leaf_rows("leaf_count"), node_rows("internal_count");
  NumberLine boundaries("cat_boundaries"), words("cat_threshold");
  int64_t sets = 0;
  int64_t word_count = 0;
  boundaries.add(int64_t{0});
  for (size_t at = 0; at < branches_.size(); ++at) {
    const Branch& one = branches_[at];
    if (is_gone(at)) continue;
    (one.is_leaf ? leaf_rows : node_rows).add(static_cast<int64_t>(one.rows));
    if (one.is_leaf) {
      value.add(shortest_text(one.value));
      continue;
    }
    feature.add(int64_t{one.node.feature});
    gain.add(brief_number(one.gain));
    decision.add(decision_of(one.node));
    left.add(numbers[static_cast<size_t>(one.node.left)]);
    right.add(numbers[static_cast<size_t>(one.node.right)]);
    if (static_cast<SplitRule>(one.node.split) != SplitRule::category) {
      threshold.add(shortest_text(one.node.threshold));
      continue;
    }
    threshold.add(sets++);
    const CategorySet& set = trees.sets[one.node.categories];
    for (uint32_t i = set.begin; i < set.end; ++i) words.add(int64_t{trees.category_words[i]});
    word_count += set.end - set.begin;
    boundaries.add(word_count);
  }
  std::string text = "num_leaves=" + std::to_string(leaves) + "\nnum_cat=" + std::to_string(sets) +
                     "\n" + value.line();
  if (decisions > 0) {
    for (const NumberLine* line : {&feature, &gain, &threshold, &decision, &left, &right}) {
      text += line->line();
    }
    if (has_rows) text += leaf_rows.line() + node_rows.line();
    if (sets > 0) text += boundaries.line() + words.line();
  }
  return text + "is_linear=0\nshrinkage=1\n\n\n";
}

Status check_range(const char* what, int value, int low, int high) {
  if (value == 0 || (value >= low && value <= high)) return {};
  return invalid_input("`" + std::string(what) + "` = " + std::to_string(value) +
                       " is not between " + std::to_string(low) + " and " + std::to_string(high));
}

/// The lines of the head that say something of predictions.
std::string head_of(std::string_view text, const std::vector<size_t>& tree_bytes) {
  std::string head;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with("Tree=")) break;
    if (line.starts_with("tree_sizes=")) {
      NumberLine sizes("tree_sizes");
      for (const size_t one : tree_bytes) sizes.add(static_cast<int64_t>(one));
      head += sizes.line();
    } else if (!line.empty()) {
      head.append(line).append("\n");
    }
    at = end + 1;
  }
  return head + "\n";
}

}  // namespace

Result<std::string> smaller_lightgbm_text(std::string_view text, const Smaller& how) {
  MILLGATE_TRY(check_range("keep_trees", how.trees, 1, INT32_MAX));
  MILLGATE_TRY(check_range("keep_leaves", how.leaves, 1, INT32_MAX));
  MILLGATE_TRY(check_range("keep_bits", how.bits, 2, 53));
  MILLGATE_ASSIGN(const std::vector<Trees> classes, read_lightgbm_classes(text));
  size_t rounds = classes.front().roots.size();
  if (how.trees > 0) rounds = std::min(rounds, static_cast<size_t>(how.trees));
  std::string all;
  std::vector<size_t> tree_bytes;
  for (size_t round = 0; round < rounds; ++round) {
    for (const Trees& trees : classes) {
      const bool has_rows = !trees.leaf_rows.empty();
      if (how.leaves > 0 && !has_rows) {
        return invalid_input("leaves cannot be pruned: the model does not tell the rows in them");
      }
      OneTree tree(trees, trees.roots[round]);
      if (how.leaves > 0) tree.prune(static_cast<size_t>(how.leaves));
      tree.round(how.bits);
      const std::string block =
          "Tree=" + std::to_string(tree_bytes.size()) + "\n" + tree.text(trees, has_rows);
      tree_bytes.push_back(block.size());
      all += block;
    }
  }
  return head_of(text, tree_bytes) + all + "end of trees\n";
}

}  // namespace millgate
