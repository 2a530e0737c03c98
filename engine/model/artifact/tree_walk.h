/// Trees laid out for speed: every step is the same few instructions, whatever the split.
/// Inside the room: used by the scorer of `make_tree_scorer`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/artifact/tree_ensemble.h"

namespace millgate {

/// Walks `Trees` without a branch that depends on the data: a wrongly guessed branch costs more
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
/// Eight walks go side by side, of eight rows in one tree or of one row in eight trees, so that
/// the processor works on the others while one waits for memory.
/// Immutable; thread-safe.
class TreeWalk {
 public:
  explicit TreeWalk(const Trees& trees);

  /// Adds the leaves of all trees to `sums`, for each row of row-major `features`: always in the
  /// order of the trees, so that a sum does not depend on the rows beside it.
  void add_leaves(std::span<const double> features, std::span<double> sums) const;

 private:
  static constexpr size_t kLanes = 8;

  /// How a feature is read into a cell.
  enum class Reading : uint8_t { number, zero_as_missing, category };
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

  void add_tree(const Trees& trees, int32_t root);
  void set_step(const Trees& trees, int32_t from, uint32_t at);
  Step split_step(const Trees& trees, const TreeNode& node);
  uint32_t column_of(uint32_t feature, SplitRule rule);
  uint32_t words_of(const Trees& trees, uint32_t set);

  void read_row(const double* features, Cell* cells) const;
  void walk(uint32_t (&at)[kLanes], const Cell* const (&cells)[kLanes]) const;
  void add_eight_rows(const Cell* cells, uint32_t root, double* sums) const;
  [[nodiscard]] double add_row(const Cell* cells, double sum) const;

  size_t feature_count_;
  std::vector<Column> columns_;
  std::vector<Step> steps_;
  std::vector<double> leaves_;  ///< By step; 0 where it is none.
  std::vector<uint32_t> words_;
  std::vector<uint32_t> set_words_;  ///< Of each CategorySet: where its words begin, or 0.
  std::vector<uint32_t> roots_;
};

}  // namespace millgate
