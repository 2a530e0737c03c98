#include "model/artifact/tree_walk.h"

#include <algorithm>

namespace millgate {

TreeWalk::TreeWalk(const Trees& trees)
    : feature_count_(trees.feature_count), is_single_(trees.is_single), steps_(trees) {}

/// The sum of two floats is exact enough in a double that rounding it gives the float's own sum.
double TreeWalk::added(double sum, double leaf) const {
  return is_single_ ? static_cast<float>(sum + leaf) : sum + leaf;
}

/// Takes every lane from its step to its leaf.
void TreeWalk::walk(uint32_t (&at)[kLanes], const Cell* const (&cells)[kLanes]) const {
  const TreeSteps::Step* const steps = steps_.steps().data();
  const uint32_t* const words = steps_.words().data();
  uint32_t moved = 1;
  while (moved != 0) {
    moved = 0;
#pragma GCC unroll 8
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const TreeSteps::Step& step = steps[at[lane]];
      const uint32_t next = step.left + TreeSteps::goes_right(step, cells[lane], words);
      moved |= next ^ at[lane];
      at[lane] = next;
    }
  }
}

void TreeWalk::add_eight_rows(const Cell* cells, uint32_t root, double* sums) const {
  uint32_t at[kLanes];
  const Cell* rows[kLanes];
  for (size_t lane = 0; lane < kLanes; ++lane) {
    at[lane] = root;
    rows[lane] = cells + lane * steps_.cell_count();
  }
  walk(at, rows);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] = added(sums[lane], steps_.leaves()[at[lane]]);
  }
}

double TreeWalk::add_row(const Cell* cells, double sum) const {
  const std::vector<uint32_t>& roots = steps_.roots();
  const Cell* rows[kLanes];
  std::fill(std::begin(rows), std::end(rows), cells);
  for (size_t first = 0; first < roots.size(); first += kLanes) {
    uint32_t at[kLanes];
    const size_t count = std::min(kLanes, roots.size() - first);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      at[lane] = roots[first + std::min(lane, count - 1)];
    }
    walk(at, rows);
    for (size_t lane = 0; lane < count; ++lane) sum = added(sum, steps_.leaves()[at[lane]]);
  }
  return sum;
}

void TreeWalk::add_leaves(std::span<const double> features, std::span<double> sums) const {
  // A tree is walked by several rows while it lies in the cache.
  constexpr size_t kRowsAtOnce = 64;
  // One more, because also the step of a leaf loads a cell, be there columns or not.
  std::vector<Cell> cells(std::min(kRowsAtOnce, sums.size()) * steps_.cell_count() + 1);
  for (size_t begin = 0; begin < sums.size(); begin += kRowsAtOnce) {
    const size_t rows = std::min(kRowsAtOnce, sums.size() - begin);
    for (size_t row = 0; row < rows; ++row) {
      steps_.read_row(features.data() + (begin + row) * feature_count_,
                      cells.data() + row * steps_.cell_count());
    }
    const size_t in_eights = rows / kLanes * kLanes;
    for (const uint32_t root : steps_.roots()) {
      for (size_t row = 0; row < in_eights; row += kLanes) {
        add_eight_rows(cells.data() + row * steps_.cell_count(), root, sums.data() + begin + row);
      }
    }
    for (size_t row = in_eights; row < rows; ++row) {
      double& sum = sums[begin + row];
      sum = add_row(cells.data() + row * steps_.cell_count(), sum);
    }
  }
}

}  // namespace millgate
