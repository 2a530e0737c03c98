/// Trees laid out for speed: every step is the same few instructions, whatever the split.
/// Inside the room: walked by TreeWalk and TreeShap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/artifact/tree_ensemble.h"

namespace millgate {

/// `Trees` as steps without a branch that depends on the data: a wrongly guessed branch costs more
/// than the rest of a step. Rules of splits are folded into the layout, once:
///
/// - A row is first turned into cells, one for each (feature, way to read it) that some split
///   uses: a number to compare, and a code to look up. NaN becomes the number -infinity and the
///   code 1; a category becomes -infinity and its own number as the code.
/// - A step goes right if its number is not <= the threshold, or if the bit of the code is set in
///   the step's words. So "NaN goes right" is a word with bit 1, and a set of categories is its
///   complement as words, with a last one of ones for all codes beyond.
/// - A leaf is a step to itself.
///
/// Immutable; thread-safe.
class TreeSteps {
 public:
  explicit TreeSteps(const Trees& trees);

  /// How a feature is read into a cell.
  enum class Reading : uint8_t { number, zero_as_missing, category, missing_or_category };
  struct Column {
    uint32_t feature = 0;
    Reading reading = Reading::number;
    bool operator==(const Column&) const = default;
  };

  struct Cell {
    double number = 0;
    uint32_t code = 0;
  };
  struct Step {
    double threshold = 0;
    uint32_t column = 0;
    uint32_t left = 0;       ///< Step number; the right one follows it.
    uint32_t words = 0;      ///< Where its words begin.
    uint32_t last_word = 0;  ///< Its last word, counted from `words`: for all codes beyond.
  };

  /// Of all trees: those of a tree lie together, breadth first, from its root on.
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<double>& leaves() const { return leaves_; }  ///< One a step.
  [[nodiscard]] const std::vector<uint32_t>& words() const { return words_; }
  [[nodiscard]] const std::vector<uint32_t>& roots() const { return roots_; }
  [[nodiscard]] size_t cell_count() const { return columns_.size(); }
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }  ///< One a cell.

  /// Turns one row of `feature_count` numbers into `cell_count()` cells.
  void read_row(const double* features, Cell* cells) const;

  /// 1 where a row with `cells` goes right at `step`, else 0. `words` are `words().data()`.
  [[nodiscard]] static uint32_t goes_right(const Step& step, const Cell* cells,
                                           const uint32_t* words) {
    const Cell& cell = cells[step.column];
    const uint32_t word = words[step.words + std::min(cell.code / 32, step.last_word)];
    const auto beyond = static_cast<uint32_t>(!(cell.number <= step.threshold));
    return beyond | (word >> (cell.code % 32) & 1U);
  }

 private:
  void add_tree(const Trees& trees, int32_t root);
  void set_step(const Trees& trees, int32_t from, uint32_t at);
  [[nodiscard]] Step split_step(const Trees& trees, const TreeNode& node);
  uint32_t column_of(uint32_t feature, SplitRule rule);
  uint32_t words_of(const Trees& trees, uint32_t set);

  std::vector<Step> steps_;
  std::vector<double> leaves_;
  std::vector<uint32_t> words_;
  std::vector<uint32_t> roots_;
  std::vector<Column> columns_;
  std::vector<uint32_t> set_words_;  ///< Where the words of a CategorySet begin; 0: not yet.
};

}  // namespace millgate
