/// Exact Shapley values of the trees of an ensemble. Inside the room: used by `load_explainer`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/artifact/tree_steps.h"

namespace millgate {

/// What each feature adds to the sum of leaves of a row: the Shapley values of the game in which
/// an absent feature is averaged over, by the rows of training that went either way at its splits
/// (Lundberg, Erion and Lee 2018, "path dependent" TreeSHAP; LightGBM's pred_contrib).
///
/// A leaf of value v pays v times the product, over the features of its path, of o if the feature
/// is present and z if it is absent, where o is 1 if the row passes all splits of the feature on
/// the path, else 0, and z is the share of training rows that passed them. Its Shapley value is
/// an integral (Owen 1972):
///
///   phi_j = v (o_j - z_j) * integral from 0 to 1 of  prod over k != j of (t o_k + (1 - t) z_k) dt
///
/// The integrand is a polynomial, which Gauss and Legendre's n points integrate exactly up to
/// degree 2n - 1: so nothing is approximated. All factors are positive: so nothing cancels, also
/// on long paths. A row goes down a tree multiplying the factors at the n points (side by side, as
/// vectors), and up again summing the leaves: two or three operations on vectors a split, where
/// the published recursion needs a loop over the path for each leaf.
///
/// Which factors come into question at a split is known before any row: they are tables.
/// Immutable; thread-safe.
class TreeShap {
 public:
  /// `trees` must know their rows. A split that no row of training reached counts half and half.
  explicit TreeShap(const Trees& trees);

  /// The mean sum of leaves over the training rows, in the tree's own counts.
  [[nodiscard]] double base() const { return base_; }

  /// Adds to `out`, row-major as `features` with `feature_count` columns.
  void add_contributions(std::span<const double> features, std::span<double> out) const;

 private:
  /// Four numbers at once; wide registers are used where the processor has them.
  struct alignas(32) Lanes {
    // NOLINTNEXTLINE(modernize-use-using): the attribute needs a typedef in g++.
    typedef double Vector __attribute__((vector_size(32)));
    Vector v;
  };
  static constexpr size_t kLanes = 4;
  static constexpr size_t kRowsAtOnce = 32;

  /// How a row meets a split: it passed all earlier splits of the feature and goes left or right,
  /// or it failed one of them.
  static constexpr size_t kMeetings = 3;
  /// What the tables hold at a meeting: factors to the left and right child, weights of both.
  static constexpr size_t kParts = 4;

  struct Split {
    TreeSteps::Step step;  ///< `left` counts from the root of the tree.
    uint32_t earlier = 0;  ///< The step after the last split of the same feature, or the root.
    uint32_t used = 0;     ///< Place of the feature in `used_features_`.
    uint32_t at = 0;       ///< Its own number from the root.
  };
  struct Tree {
    size_t first_split = 0, split_count = 0;
    size_t first_table = 0;  ///< In `tables_`: [split][meeting][part][vector].
    size_t vectors = 0;      ///< Of kLanes points each.
    size_t step_count = 0;
  };
  struct Path;
  struct Buffers;

  void add_tree(const Trees& trees, size_t number);
  void fill_tables(const Tree& tree, const std::vector<Path>& paths);
  uint32_t use_feature(uint32_t feature);

  template <size_t kVectors>
  void explain_row(const Tree& tree, const TreeSteps::Cell* cells, Lanes* sums,
                   Buffers& buffers) const;
  void explain_block(size_t rows, Buffers& buffers) const;
  void explain_block_wide(size_t rows, Buffers& buffers) const;
  void explain_trees(size_t rows, Buffers& buffers) const;

  size_t feature_count_;
  TreeSteps steps_;
  std::vector<Split> splits_;
  std::vector<Tree> trees_;
  std::vector<Lanes> tables_;
  std::vector<uint32_t> used_features_;  ///< Those that some split reads.
  std::vector<uint32_t> used_places_;    ///< Feature -> place in `used_features_`, plus 1.
  size_t steps_max_ = 1;
  size_t vectors_max_ = 1;
  double base_ = 0;
};

}  // namespace millgate
