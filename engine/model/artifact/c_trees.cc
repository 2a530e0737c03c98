#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "model/artifact/c_scorer.h"

namespace millgate {
namespace {

/// How a feature is read for some splits.
enum class Reading : int64_t { number = 0, zero_as_missing = 1, category = 2, single_category = 3 };

/// Where a row's rank among thresholds is kept. Missing values have rank 0 or, where they go right,
/// the largest number there is; so the way of each split is that of the cell it looks at.
struct Cell {
  uint32_t feature = 0;
  Reading reading = Reading::number;
  bool missing_right = false;
  std::vector<double> thresholds = {};  ///< Ascending, each once.
  [[nodiscard]] bool is_category() const {
    return reading == Reading::category || reading == Reading::single_category;
  }
};
using CellKey = std::tuple<uint32_t, Reading, bool>;

/// One step as it is written.
struct Step {
  uint64_t cell = 0;
  uint64_t rank = 0;  ///< Of a leaf: its number in its tree.
  uint64_t on = 0;    ///< To the left step; the right one follows it. 0: a leaf.
  uint64_t words = 0;
};

CellKey key_of(const TreeNode& node) {
  switch (static_cast<SplitRule>(node.split)) {
    case SplitRule::plain:  // NaN counts as 0.
      return {node.feature, Reading::number, !(0.0 <= node.threshold)};
    case SplitRule::nan_missing:
      return {node.feature, Reading::number, node.default_left == 0};
    case SplitRule::zero_missing:
      return {node.feature, Reading::zero_as_missing, node.default_left == 0};
    case SplitRule::category:
      return {node.feature, Reading::category, false};
    case SplitRule::missing_or_category:
      return {node.feature, Reading::single_category, false};
  }
  return {};
}

/// Lays trees out as steps.
class Layout {
 public:
  explicit Layout(const Trees& trees) : trees_(trees) {
    collect_cells();
    for (const int32_t root : trees.roots) add_tree(root);
  }

  [[nodiscard]] bool has_categories() const {
    return std::any_of(cells_.begin(), cells_.end(), [](const Cell& c) { return c.is_category(); });
  }
  [[nodiscard]] size_t cell_count() const { return cells_.size() + 1; }
  [[nodiscard]] size_t tree_count() const { return trees_.roots.size(); }
  void write(CTables& tables) const;

 private:
  void collect_cells();
  void add_tree(int32_t root);
  [[nodiscard]] Step split_step(const TreeNode& node);
  [[nodiscard]] uint64_t words_of(uint32_t set);
  void write_cells(CTables& tables) const;
  void write_steps(CTables& tables) const;

  const Trees& trees_;
  std::vector<Cell> cells_;  ///< Numbered from 1: cell 0 always has rank 0, for leaves.
  std::map<CellKey, size_t> numbers_;
  std::vector<Step> steps_;
  std::vector<double> leaves_;
  std::vector<int64_t> tree_steps_, tree_leaves_;
  std::vector<int64_t> words_ = {0, 0};  ///< The first are of steps that compare numbers.
  std::map<std::vector<int64_t>, uint64_t> known_words_;
};

void Layout::collect_cells() {
  for (const TreeNode& node : trees_.nodes) {
    const CellKey key = key_of(node);
    const auto [found, is_new] = numbers_.emplace(key, cells_.size() + 1);
    if (is_new) {
      cells_.push_back({.feature = std::get<0>(key),
                        .reading = std::get<1>(key),
                        .missing_right = std::get<2>(key)});
    }
    Cell& cell = cells_[found->second - 1];
    if (!cell.is_category()) cell.thresholds.push_back(node.threshold);
  }
  for (Cell& cell : cells_) {
    std::sort(cell.thresholds.begin(), cell.thresholds.end());
    cell.thresholds.erase(std::unique(cell.thresholds.begin(), cell.thresholds.end()),
                          cell.thresholds.end());
  }
}

/// Breadth first, as TreeSteps.
void Layout::add_tree(int32_t root) {
  const size_t begin = steps_.size();
  uint64_t leaf_count = 0;
  tree_steps_.push_back(static_cast<int64_t>(begin));
  tree_leaves_.push_back(static_cast<int64_t>(leaves_.size()));
  std::vector<int32_t> waiting = {root};
  for (size_t next = 0; next < waiting.size(); ++next) {
    const int32_t from = waiting[next];
    if (from < 0) {
      const int32_t leaf = ~from;
      leaves_.push_back(trees_.leaves[static_cast<size_t>(leaf)]);
      steps_.push_back({.cell = 0, .rank = leaf_count++, .on = 0, .words = 0});
      continue;
    }
    const TreeNode& node = trees_.nodes[static_cast<size_t>(from)];
    Step step = split_step(node);
    step.on = waiting.size() - next;
    steps_.push_back(step);
    waiting.insert(waiting.end(), {node.left, node.right});
  }
}

Step Layout::split_step(const TreeNode& node) {
  const size_t number = numbers_.at(key_of(node));
  const Cell& cell = cells_[number - 1];
  if (cell.is_category())
    return {.cell = number, .rank = 0, .on = 0, .words = words_of(node.categories)};
  const auto found =
      std::lower_bound(cell.thresholds.begin(), cell.thresholds.end(), node.threshold);
  return {.cell = number,
          .rank = static_cast<uint64_t>(found - cell.thresholds.begin()),
          .on = 0,
          .words = 0};
}

/// How many words, the words of the codes that go right, and one of ones for all codes beyond.
uint64_t Layout::words_of(uint32_t set) {
  std::vector<int64_t> words = {trees_.sets[set].end - trees_.sets[set].begin};
  for (uint32_t i = trees_.sets[set].begin; i < trees_.sets[set].end; ++i) {
    words.push_back(~trees_.category_words[i]);
  }
  words.push_back(UINT32_MAX);
  const auto [known, is_new] = known_words_.emplace(words, words_.size());
  if (is_new) words_.insert(words_.end(), words.begin(), words.end());
  return known->second;
}

void Layout::write_cells(CTables& tables) const {
  std::vector<int64_t> features, readings, missing, begins = {0};
  std::vector<double> thresholds;
  for (const Cell& cell : cells_) {
    features.push_back(cell.feature);
    readings.push_back(static_cast<int64_t>(cell.reading));
    missing.push_back(cell.missing_right ? 1 : 0);
    thresholds.insert(thresholds.end(), cell.thresholds.begin(), cell.thresholds.end());
    begins.push_back(static_cast<int64_t>(thresholds.size()));
  }
  tables.add_integers("cell_feature", features);
  tables.add_integers("cell_reading", readings);
  tables.add_integers("cell_missing_right", missing);
  tables.add_integers("cell_begin", begins);
  tables.add_numbers("thresholds", thresholds);
}

void Layout::write_steps(CTables& tables) const {
  uint64_t largest = 0;
  for (const Step& step : steps_) {
    largest = std::max({largest, step.cell, step.rank, step.on, step.words});
  }
  // A rank is at most the number of thresholds, and one more must be free for what is missing.
  for (const Cell& cell : cells_) {
    largest = std::max<uint64_t>(largest, cell.thresholds.size() + 1);
  }
  const CUnsigned part = c_unsigned_for(largest);
  const bool with_words = has_categories();
  std::string text = "typedef " + std::string(part.type) + " step_part;\n";
  text += "#define RANK_BEYOND " + std::to_string(part.largest) + "u\n";
  text += std::string("typedef struct {\n  step_part cell, rank, on") +
          (with_words ? ", words" : "") + ";\n} step;\n";
  text += "static const step steps[" + std::to_string(steps_.size()) + "] = {\n";
  std::string line = " ";
  for (const Step& step : steps_) {
    std::string item = " {" + std::to_string(step.cell) + ", " + std::to_string(step.rank) + ", " +
                       std::to_string(step.on);
    if (with_words) item += ", " + std::to_string(step.words);
    item += "},";
    if (line.size() + item.size() > 96) {
      text += line + "\n";
      line = " ";
    }
    line += item;
  }
  tables.add(text + line + "\n};\n",
             static_cast<int64_t>(steps_.size()) * part.size_bytes * (with_words ? 4 : 3));
  tables.add_numbers("leaves", leaves_);
  tables.add_integers("tree_steps", tree_steps_);
  tables.add_integers("tree_leaves", tree_leaves_);
  if (!with_words) return;
  std::string words = "static const uint32_t words[" + std::to_string(words_.size()) + "] = {\n ";
  for (size_t i = 0; i < words_.size(); ++i) {
    words += " " + std::to_string(words_[i]) + "u," + (i % 8 == 7 ? "\n " : "");
  }
  tables.add(words + "\n};\n", static_cast<int64_t>(words_.size()) * 4);
}

void Layout::write(CTables& tables) const {
  write_steps(tables);
  write_cells(tables);
}

constexpr std::string_view kReadNumber =
    "/* How many thresholds of a cell lie below x. */\n"
    "static step_part rank_of(double x, size_t begin, size_t end) {\n"
    "  const size_t first = begin;\n"
    "  while (begin < end) {\n"
    "    const size_t middle = begin + (end - begin) / 2;\n"
    "    if (thresholds[middle] < x) begin = middle + 1; else end = middle;\n"
    "  }\n"
    "  return (step_part)(begin - first);\n"
    "}\n\n";

constexpr std::string_view kReadCategory =
    "/* Codes that no set knows are UINT32_MAX. */\n"
    "static uint32_t code_of(double x, int reading) {\n"
    "  float single;\n"
    "  if (reading == 2) {\n"
    "    return x > -1.0 && x < 2147483648.0 ? (uint32_t)(int32_t)x : UINT32_MAX;\n"
    "  }\n"
    "  if (isnan(x)) return 0;\n"
    "  if (!(x > -1e9 && x < 1e9)) return UINT32_MAX;\n"
    "  single = (float)x;\n"
    "  return single >= 0.0f && single < 16777216.0f ? (uint32_t)single + 1u : UINT32_MAX;\n"
    "}\n\n";

std::string read_cells(bool with_words) {
  std::string text =
      "static void read_cells(const double *features, step_part *ranks" +
      std::string(with_words ? ", uint32_t *codes" : "") +
      ") {\n"
      "  size_t i;\n"
      "  ranks[0] = 0;\n" +
      (with_words ? "  codes[0] = 0;\n" : "") +
      "  for (i = 1; i < CELL_COUNT; ++i) {\n"
      "    const double x = features[cell_feature[i - 1]];\n"
      "    const int is_missing =\n"
      "        isnan(x) || (cell_reading[i - 1] == 1 && fabs(x) <= (double)1e-35f);\n";
  if (with_words) {
    text +=
        "    codes[i] = 0;\n"
        "    if (cell_reading[i - 1] >= 2) {\n"
        "      ranks[i] = 0;\n"
        "      codes[i] = code_of(x, cell_reading[i - 1]);\n"
        "      continue;\n"
        "    }\n";
  }
  return text +
         "    if (is_missing) {\n"
         "      ranks[i] = (step_part)(cell_missing_right[i - 1] ? RANK_BEYOND : 0u);\n"
         "    } else {\n"
         "      ranks[i] = rank_of(x, cell_begin[i - 1], cell_begin[i]);\n"
         "    }\n"
         "  }\n"
         "}\n\n";
}

/// Eight trees are walked side by side, so that the processor works on the others while one waits.
std::string sum_of_leaves(const Trees& trees, bool with_words) {
  constexpr int kLanes = 8;
  std::string text = "/* To the next step; `moved` stays 0 once all have come to a leaf. */\n";
  if (with_words) {
    text +=
        "static unsigned is_right(const step *at, const step_part *ranks, const uint32_t *codes) "
        "{\n"
        "  const uint32_t *set = words + at->words;\n"
        "  const uint32_t code = codes[at->cell];\n"
        "  const uint32_t word = code / 32 < set[0] ? code / 32 : set[0];\n"
        "  return (unsigned)(ranks[at->cell] > at->rank) | (set[1 + word] >> code % 32 & 1u);\n"
        "}\n"
        "#define STEP(p) (on = p->on + is_right(p, ranks, codes), moved |= on, p += on)\n\n";
  } else {
    text +=
        "#define STEP(p) (on = p->on + (unsigned)(ranks[p->cell] > p->rank), moved |= on, p += "
        "on)\n\n";
  }
  const std::string added = trees.is_single ? "(double)(float)(sum + leaf)" : "sum + leaf";
  text +=
      "static double sum_of_leaves(const double *features) {\n"
      "  step_part ranks[CELL_COUNT];\n";
  if (with_words) text += "  uint32_t codes[CELL_COUNT];\n";
  text += "  double sum = " + c_number(trees.base) + ";\n  size_t first, i;\n";
  text += std::string("  read_cells(features, ranks") + (with_words ? ", codes" : "") + ");\n";
  text +=
      "  for (first = 0; first < TREE_COUNT; first += 8) {\n"
      "    const size_t count = TREE_COUNT - first < 8 ? TREE_COUNT - first : 8;\n"
      "    const step *ends[8];\n"
      "    unsigned moved, on;\n";
  for (int i = 0; i < kLanes; ++i) {
    const std::string number = std::to_string(i);
    text += "    const step *p" + number + " = steps + tree_steps[" +
            (i == 0 ? "first" : "first + (" + number + " < count ? " + number + " : 0)") + "];\n";
  }
  text += "    do {\n      moved = 0;\n";
  for (int i = 0; i < kLanes; ++i) text += "      STEP(p" + std::to_string(i) + ");\n";
  text += "    } while (moved != 0);\n";
  for (int i = 0; i < kLanes; ++i) {
    text += "    ends[" + std::to_string(i) + "] = p" + std::to_string(i) + ";\n";
  }
  return text +
         "    for (i = 0; i < count; ++i) {\n"
         "      const double leaf = leaves[tree_leaves[first + i] + ends[i]->rank];\n"
         "      sum = " +
         added +
         ";\n"
         "    }\n"
         "  }\n"
         "  return sum;\n"
         "}\n\n";
}

/// What TreeEnsemble does with the sum.
std::string output_of(const Trees& trees) {
  if (trees.is_single) {
    if (trees.output == ScoreOutput::sigmoid) {
      return "1.0f / (expf(-(float)sum < 88.7f ? -(float)sum : 88.7f) + 1.0f)";
    }
    return trees.output == ScoreOutput::exponential ? "expf((float)sum)" : "(float)sum";
  }
  switch (trees.output) {
    case ScoreOutput::identity:
      return "sum";
    case ScoreOutput::sigmoid:
      return "1.0 / (1.0 + exp(" + c_number(-trees.sigmoid) + " * sum))";
    case ScoreOutput::exponential:
      return "exp(sum)";
    case ScoreOutput::signed_square:
      return "copysign(sum * sum, sum)";
  }
  return "sum";
}

}  // namespace

std::string write_c_trees(const Trees& trees, CTables& tables) {
  const Layout layout(trees);
  layout.write(tables);
  const bool with_words = layout.has_categories();
  std::string text = "#define CELL_COUNT " + std::to_string(layout.cell_count()) +
                     "\n#define TREE_COUNT ((size_t)" + std::to_string(layout.tree_count()) +
                     ")\n\n";
  text += kReadNumber;
  if (with_words) text += kReadCategory;
  text += read_cells(with_words) + sum_of_leaves(trees, with_words);
  const std::string sum =
      trees.average ? "sum_of_leaves(features) / (double)TREE_COUNT" : "sum_of_leaves(features)";
  return text +
         "static double score_features(const double *features) {\n  const double sum = " + sum +
         ";\n  return " + output_of(trees) + ";\n}\n";
}

}  // namespace millgate
