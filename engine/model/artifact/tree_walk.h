/// The sums of leaves of many rows. Inside the room: used by the scorer of `make_tree_scorer`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/artifact/tree_steps.h"

namespace millgate {

/// Walks `Trees` laid out as TreeSteps. Eight walks go side by side, of eight rows in one tree or
/// of one row in eight trees, so that the processor works on the others while one waits for
/// memory. Immutable; thread-safe.
class TreeWalk {
 public:
  explicit TreeWalk(const Trees& trees);

  /// Adds the leaves of all trees to `sums`, for each row of row-major `features`: always in the
  /// order of the trees, so that a sum does not depend on the rows beside it. Every sum is rounded
  /// to single precision where the trees say so.
  void add_leaves(std::span<const double> features, std::span<double> sums) const;

 private:
  static constexpr size_t kLanes = 8;
  using Cell = TreeSteps::Cell;

  void walk(uint32_t (&at)[kLanes], const Cell* const (&cells)[kLanes]) const;
  void add_eight_rows(const Cell* cells, uint32_t root, double* sums) const;
  [[nodiscard]] double add_row(const Cell* cells, double sum) const;
  [[nodiscard]] double added(double sum, double leaf) const;

  size_t feature_count_;
  bool is_single_;
  TreeSteps steps_;
};

}  // namespace millgate
