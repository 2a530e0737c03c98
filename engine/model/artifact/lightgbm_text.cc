#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <type_traits>

#include "model/artifact/ensemble.h"
#include "model/artifact/tree_ensemble.h"

namespace millgate {
namespace {

// Bits of LightGBM's decision_type.
constexpr int kCategorical = 1;
constexpr int kDefaultLeft = 2;
constexpr int kMissingShift = 2;

constexpr int64_t kFeaturesMax = 1 << 24;  // what TreeNode::feature holds

Error at_line(int line, std::string fault) {
  Error error = damaged("LightGBM model: " + std::move(fault),
                        "the text was cut or changed; train again or restore the object");
  error.where = "line " + std::to_string(line);
  return error;
}

Error unsupported(std::string fault) {
  return invalid_input("LightGBM model: " + std::move(fault),
                       "objectives binary, multiclass and regression, and constant leaves work");
}

/// A value of a `key=value` line, and its line.
struct Entry {
  std::string_view value;
  int line = 0;
};

/// The `key=value` lines of one block of the text. A line without `=` has an empty value.
struct TextBlock {
  std::map<std::string_view, Entry> entries;
  int line = 0;  ///< Of its first line.

  [[nodiscard]] bool has(std::string_view key) const { return entries.contains(key); }
  [[nodiscard]] Result<Entry> find(std::string_view key) const {
    const auto found = entries.find(key);
    if (found == entries.end()) return at_line(line, "`" + std::string(key) + "` is missing");
    return found->second;
  }
};

/// Lines of a text, numbered from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] int number() const { return number_; }
  /// The next line without its end; also of the carriage return that Windows adds.
  std::string_view next() {
    const size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return line;
  }

 private:
  std::string_view rest_;
  int number_ = 0;
};

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if constexpr (std::is_floating_point_v<T>) {
    // LightGBM also prints numbers below the smallest normal one, which some libraries refuse.
    if (error == std::errc::result_out_of_range) {
      const T rounded = std::strtod(std::string(text).c_str(), nullptr);
      return std::isfinite(rounded) ? std::optional<T>(rounded) : std::nullopt;
    }
  }
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
Result<T> read_one(const TextBlock& block, std::string_view key) {
  MILLGATE_ASSIGN(const Entry entry, block.find(key));
  const auto value = parse_number<T>(entry.value);
  if (!value) return at_line(entry.line, "`" + std::string(key) + "` is not a number");
  return *value;
}

/// `count` numbers separated by single spaces.
template <typename T>
Result<std::vector<T>> read_many(const TextBlock& block, std::string_view key, size_t count) {
  MILLGATE_ASSIGN(const Entry entry, block.find(key));
  std::vector<T> values;
  std::string_view rest = entry.value;
  while (!rest.empty()) {
    const size_t space = rest.find(' ');
    const auto value = parse_number<T>(rest.substr(0, space));
    if (!value) {
      return at_line(entry.line, "`" + std::string(key) + "`: `" +
                                     std::string(rest.substr(0, std::min<size_t>(space, 30))) +
                                     "` is not a number");
    }
    values.push_back(*value);
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  }
  if (values.size() != count) {
    return at_line(entry.line, "`" + std::string(key) + "` has " + std::to_string(values.size()) +
                                   " numbers, " + std::to_string(count) + " are needed");
  }
  return values;
}

/// The parts of the text that matter for scores.
struct TextBlocks {
  TextBlock head;
  std::vector<TextBlock> trees;
};

Result<TextBlocks> split_blocks(std::string_view text) {
  Lines lines(text);
  if (lines.done() || lines.next() != "tree") {
    return at_line(1, "the text does not begin with `tree`");
  }
  TextBlocks blocks;
  blocks.head.line = 1;
  TextBlock* block = &blocks.head;
  while (!lines.done()) {
    const std::string_view line = lines.next();
    if (line == "end of trees") return blocks;
    if (line.empty()) continue;
    const size_t equals = line.find('=');
    const std::string_view key = line.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : line.substr(equals + 1);
    if (key == "Tree") {
      if (parse_number<size_t>(value) != blocks.trees.size()) {
        return at_line(lines.number(),
                       "tree " + std::to_string(blocks.trees.size()) + " is not in its place");
      }
      block = &blocks.trees.emplace_back();
      block->line = lines.number();
      continue;
    }
    if (!block->entries.emplace(key, Entry{value, lines.number()}).second) {
      return at_line(lines.number(), "`" + std::string(key) + "` appears twice");
    }
  }
  return at_line(lines.number(), "`end of trees` is missing");
}

/// Words separated by spaces.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    if (space != 0) words.push_back(text.substr(0, space));
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  return words;
}

Status read_objective(const TextBlock& head, Trees& trees) {
  MILLGATE_ASSIGN(const Entry entry, head.find("objective"));
  const auto words = words_of(entry.value);
  const std::string_view name = words.empty() ? std::string_view() : words[0];
  static const std::map<std::string_view, ScoreOutput> kObjectives = {
      {"binary", ScoreOutput::sigmoid},         {"cross_entropy", ScoreOutput::sigmoid},
      {"xentropy", ScoreOutput::sigmoid},       {"regression", ScoreOutput::identity},
      {"regression_l2", ScoreOutput::identity}, {"regression_l1", ScoreOutput::identity},
      {"huber", ScoreOutput::identity},         {"fair", ScoreOutput::identity},
      {"quantile", ScoreOutput::identity},      {"mape", ScoreOutput::identity},
      {"poisson", ScoreOutput::exponential},    {"gamma", ScoreOutput::exponential},
      {"tweedie", ScoreOutput::exponential},    {"multiclass", ScoreOutput::identity},
      {"softmax", ScoreOutput::identity},       {"lambdarank", ScoreOutput::identity},
      {"rank_xendcg", ScoreOutput::identity}};
  const auto found = kObjectives.find(name);
  if (found == kObjectives.end()) {
    return unsupported("objective `" + std::string(name) + "` is not supported");
  }
  trees.output = found->second;
  for (std::string_view word : words) {
    if (word == "sqrt") trees.output = ScoreOutput::signed_square;
    if (word.starts_with("sigmoid:")) {
      const auto slope = parse_number<double>(word.substr(8));
      if (!slope || !std::isfinite(*slope) || *slope <= 0) {
        return at_line(entry.line, "`" + std::string(word) + "` is not a positive number");
      }
      trees.sigmoid = *slope;
    }
  }
  return {};
}

constexpr int64_t kTreeClassesMax = 1000;

/// Trees without a tree, and how many classes they are of, in turn: 1 where they all are summed.
struct Head {
  Trees trees;
  size_t class_count = 1;
};

Status check_classes(const TextBlocks& blocks, int64_t classes, int64_t per_round) {
  MILLGATE_ASSIGN(const Entry objective, blocks.head.find("objective"));
  const auto words = words_of(objective.value);
  const bool is_softmax =
      !words.empty() && (words.front() == "multiclass" || words.front() == "softmax");
  const bool are_one = classes == 1 && per_round == 1 && !is_softmax;
  const bool are_many =
      is_softmax && classes == per_round && classes >= 3 && classes <= kTreeClassesMax;
  if (!are_one && !are_many) {
    return unsupported("it has " + std::to_string(classes) + " classes and " +
                       std::to_string(per_round) + " trees a round");
  }
  if (are_many && static_cast<int64_t>(blocks.trees.size()) % classes != 0) {
    return at_line(blocks.head.line, "its " + std::to_string(blocks.trees.size()) +
                                         " trees are not as many for each of its " +
                                         std::to_string(classes) + " classes");
  }
  return {};
}

Status read_head(const TextBlocks& blocks, Head& read) {
  Trees& trees = read.trees;
  const TextBlock& head = blocks.head;
  MILLGATE_ASSIGN(const Entry version, head.find("version"));
  if (version.value != "v3" && version.value != "v4") {
    return unsupported("format version `" + std::string(version.value) + "` is not v3 or v4");
  }
  MILLGATE_ASSIGN(const int64_t classes, read_one<int64_t>(head, "num_class"));
  MILLGATE_ASSIGN(const int64_t per_round, read_one<int64_t>(head, "num_tree_per_iteration"));
  if (!head.has("objective")) return unsupported("it has no objective, so its scores mean nothing");
  MILLGATE_TRY(check_classes(blocks, classes, per_round));
  read.class_count = static_cast<size_t>(classes);
  MILLGATE_ASSIGN(const int64_t last_feature, read_one<int64_t>(head, "max_feature_idx"));
  if (last_feature < 0 || last_feature >= kFeaturesMax) {
    return at_line(head.line, "`max_feature_idx` is not between 0 and 16777215");
  }
  // Names bound the number of features by the text's length before memory is taken for them.
  MILLGATE_ASSIGN(const Entry names, head.find("feature_names"));
  trees.feature_count = static_cast<size_t>(last_feature) + 1;
  if (words_of(names.value).size() != trees.feature_count) {
    return at_line(names.line, "`feature_names` and `max_feature_idx` do not agree");
  }
  trees.gain.assign(trees.feature_count, 0);
  MILLGATE_ASSIGN(const Entry sizes, head.find("tree_sizes"));
  if (words_of(sizes.value).size() != blocks.trees.size()) {
    return at_line(sizes.line, "`tree_sizes` names " +
                                   std::to_string(words_of(sizes.value).size()) +
                                   " trees, there are " + std::to_string(blocks.trees.size()));
  }
  trees.average = head.has("average_output");
  return read_objective(head, trees);
}

/// One tree as its text has it; numbers of nodes and leaves are its own.
struct TreeText {
  std::vector<int32_t> feature, decision, left, right;
  std::vector<double> threshold, gain, leaf;
  std::vector<double> node_rows, leaf_rows;  ///< Empty: the text does not tell.
  std::vector<uint32_t> boundaries, words;   ///< Of category sets.
};

Status read_category_sets(const TextBlock& block, TreeText& tree) {
  MILLGATE_ASSIGN(const int64_t sets, read_one<int64_t>(block, "num_cat"));
  if (sets == 0) return {};
  if (sets < 0 || sets >= static_cast<int64_t>(tree.leaf.size())) {
    return at_line(block.line, "`num_cat` is not between 0 and the number of splits");
  }
  MILLGATE_ASSIGN(tree.boundaries,
                  read_many<uint32_t>(block, "cat_boundaries", static_cast<size_t>(sets) + 1));
  if (tree.boundaries.front() != 0 ||
      !std::is_sorted(tree.boundaries.begin(), tree.boundaries.end())) {
    return at_line(block.line, "`cat_boundaries` do not ascend from 0");
  }
  MILLGATE_ASSIGN(tree.words, read_many<uint32_t>(block, "cat_threshold", tree.boundaries.back()));
  return {};
}

Status read_row_counts(const TextBlock& block, TreeText& tree) {
  if (!block.has("leaf_count") || !block.has("internal_count")) return {};
  MILLGATE_ASSIGN(tree.leaf_rows, read_many<double>(block, "leaf_count", tree.leaf.size()));
  MILLGATE_ASSIGN(tree.node_rows, read_many<double>(block, "internal_count", tree.leaf.size() - 1));
  const auto is_count = [](double rows) { return std::isfinite(rows) && rows >= 0; };
  if (!std::all_of(tree.leaf_rows.begin(), tree.leaf_rows.end(), is_count) ||
      !std::all_of(tree.node_rows.begin(), tree.node_rows.end(), is_count)) {
    return at_line(block.line, "a `leaf_count` or `internal_count` is not a number of rows");
  }
  return {};
}

Result<TreeText> read_tree(const TextBlock& block) {
  TreeText tree;
  MILLGATE_ASSIGN(const int64_t leaves, read_one<int64_t>(block, "num_leaves"));
  if (leaves < 1 || leaves > INT32_MAX) return at_line(block.line, "`num_leaves` is out of range");
  if (block.has("is_linear")) {
    MILLGATE_ASSIGN(const int64_t linear, read_one<int64_t>(block, "is_linear"));
    if (linear != 0) return unsupported("its trees are linear (linear_tree=true)");
  }
  const size_t leaf_count = static_cast<size_t>(leaves);
  const size_t splits = leaf_count - 1;
  MILLGATE_ASSIGN(tree.leaf, read_many<double>(block, "leaf_value", leaf_count));
  for (double value : tree.leaf) {
    if (!std::isfinite(value)) return at_line(block.line, "a leaf's value is not finite");
  }
  if (splits == 0) {  // LightGBM may leave out the empty lists.
    tree.leaf_rows = {0};
    return tree;
  }
  MILLGATE_TRY(read_category_sets(block, tree));
  MILLGATE_ASSIGN(tree.feature, read_many<int32_t>(block, "split_feature", splits));
  MILLGATE_ASSIGN(tree.gain, read_many<double>(block, "split_gain", splits));
  MILLGATE_ASSIGN(tree.threshold, read_many<double>(block, "threshold", splits));
  MILLGATE_ASSIGN(tree.decision, read_many<int32_t>(block, "decision_type", splits));
  MILLGATE_ASSIGN(tree.left, read_many<int32_t>(block, "left_child", splits));
  MILLGATE_ASSIGN(tree.right, read_many<int32_t>(block, "right_child", splits));
  MILLGATE_TRY(read_row_counts(block, tree));
  return tree;
}

/// Every node but the root and every leaf is the child of exactly one node that the root leads
/// to: so each walk ends at a leaf.
bool is_tree(const TreeText& tree) {
  const size_t splits = tree.left.size();
  std::vector<uint8_t> seen_node(splits, 0);
  std::vector<uint8_t> seen_leaf(tree.leaf.size(), 0);
  std::vector<int32_t> open;
  const auto visit = [&](int32_t child) {
    const size_t number = static_cast<size_t>(child >= 0 ? child : ~child);
    std::vector<uint8_t>& seen = child >= 0 ? seen_node : seen_leaf;
    if (number >= seen.size() || seen[number] != 0) return false;
    seen[number] = 1;
    if (child >= 0) open.push_back(child);
    return true;
  };
  if (!visit(splits == 0 ? ~0 : 0)) return false;
  size_t visited = 1;
  while (!open.empty()) {
    const size_t node = static_cast<size_t>(open.back());
    open.pop_back();
    if (!visit(tree.left[node]) || !visit(tree.right[node])) return false;
    visited += 2;
  }
  return visited == splits + tree.leaf.size();
}

/// Node `i` of `tree`, whose nodes, leaves and sets will begin at the ends of those of `trees`.
Result<TreeNode> node_of(const TreeText& tree, size_t i, const Trees& trees, int line) {
  TreeNode node;
  const int decision = tree.decision[i];
  const int missing = decision >> kMissingShift;
  if (decision < 0 || missing > 2) return at_line(line, "a `decision_type` is not known");
  if (tree.feature[i] < 0 || static_cast<size_t>(tree.feature[i]) >= trees.feature_count) {
    return at_line(line, "a split is on feature " + std::to_string(tree.feature[i]) +
                             ", which does not exist");
  }
  node.feature = static_cast<uint32_t>(tree.feature[i]) & 0xFFFFFFU;
  node.default_left = (decision & kDefaultLeft) != 0 ? 1U : 0U;
  const auto place = [&](int32_t child) {
    return child >= 0 ? child + static_cast<int32_t>(trees.nodes.size())
                      : ~(~child + static_cast<int32_t>(trees.leaves.size()));
  };
  node.left = place(tree.left[i]);
  node.right = place(tree.right[i]);
  SplitRule split = missing == 0   ? SplitRule::plain
                    : missing == 1 ? SplitRule::zero_missing
                                   : SplitRule::nan_missing;
  if ((decision & kCategorical) != 0) {
    split = SplitRule::category;
    const double set = tree.threshold[i];
    if (!(set >= 0) || set + 1 >= static_cast<double>(tree.boundaries.size()) ||
        set != std::floor(set)) {
      return at_line(line, "a categorical split names a set that does not exist");
    }
    node.categories = static_cast<uint32_t>(trees.sets.size()) + static_cast<uint32_t>(set);
  } else {
    node.threshold = tree.threshold[i];
    if (std::isnan(node.threshold)) return at_line(line, "a threshold is not a number");
  }
  node.split = static_cast<uint32_t>(split) & 0x7FU;
  return node;
}

Status add_tree(const TextBlock& block, Trees& trees) {
  MILLGATE_ASSIGN(const TreeText tree, read_tree(block));
  if (!is_tree(tree)) {
    return at_line(block.line, "`left_child` and `right_child` do not make a tree");
  }
  // The text would be longer than 4 GB.
  if (trees.leaves.size() + tree.leaf.size() > INT32_MAX ||
      trees.category_words.size() + tree.words.size() > UINT32_MAX) {
    return at_line(block.line, "there are too many leaves");
  }
  std::vector<TreeNode> nodes;
  nodes.reserve(tree.left.size());
  for (size_t i = 0; i < tree.left.size(); ++i) {
    MILLGATE_ASSIGN(const TreeNode node, node_of(tree, i, trees, block.line));
    if (!std::isfinite(tree.gain[i])) return at_line(block.line, "a `split_gain` is not finite");
    trees.gain[node.feature] += std::max(tree.gain[i], 0.0);
    trees.node_gain.push_back(tree.gain[i]);
    nodes.push_back(node);
  }
  trees.roots.push_back(nodes.empty() ? ~static_cast<int32_t>(trees.leaves.size())
                                      : static_cast<int32_t>(trees.nodes.size()));
  const uint32_t words = static_cast<uint32_t>(trees.category_words.size());
  for (size_t i = 0; i + 1 < tree.boundaries.size(); ++i) {
    trees.sets.push_back({words + tree.boundaries[i], words + tree.boundaries[i + 1]});
  }
  trees.category_words.insert(trees.category_words.end(), tree.words.begin(), tree.words.end());
  trees.nodes.insert(trees.nodes.end(), nodes.begin(), nodes.end());
  trees.leaves.insert(trees.leaves.end(), tree.leaf.begin(), tree.leaf.end());
  trees.node_rows.insert(trees.node_rows.end(), tree.node_rows.begin(), tree.node_rows.end());
  trees.leaf_rows.insert(trees.leaf_rows.end(), tree.leaf_rows.begin(), tree.leaf_rows.end());
  trees.leaf_count_max = std::max(trees.leaf_count_max, static_cast<int>(tree.leaf.size()));
  return {};
}

}  // namespace

Result<std::vector<Trees>> read_lightgbm_classes(std::string_view text) {
  MILLGATE_ASSIGN(const TextBlocks blocks, split_blocks(text));
  Head head;
  MILLGATE_TRY(read_head(blocks, head));
  if (blocks.trees.empty()) return at_line(blocks.head.line, "it has no trees");
  std::vector<Trees> classes(head.class_count, head.trees);
  for (size_t i = 0; i < blocks.trees.size(); ++i) {
    MILLGATE_TRY(add_tree(blocks.trees[i], classes[i % head.class_count]));
  }
  for (Trees& trees : classes) {
    if (trees.leaf_rows.size() != trees.leaves.size()) {  // Some tree has none.
      trees.node_rows.clear();
      trees.leaf_rows.clear();
    }
  }
  return classes;
}

Result<Trees> read_lightgbm_trees(std::string_view text) {
  MILLGATE_ASSIGN(std::vector<Trees> classes, read_lightgbm_classes(text));
  if (classes.size() == 1) return std::move(classes.front());
  return unsupported("it has " + std::to_string(classes.size()) + " classes");
}

Result<std::shared_ptr<const Scorer>> load_lightgbm_text(std::string_view text) {
  MILLGATE_ASSIGN(const std::vector<Trees> classes, read_lightgbm_classes(text));
  if (classes.size() == 1) return make_tree_scorer(classes.front());
  return make_class_tree_scorer(classes, ClassOutput::softmax);
}

}  // namespace millgate
