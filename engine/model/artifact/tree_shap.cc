#include "model/artifact/tree_shap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <optional>

namespace millgate {
namespace {

/// A point in (0, 1) and its weight.
struct QuadraturePoint {
  double t = 0;
  double weight = 0;
};

/// Gauss and Legendre's rule of `n` points: the roots of Legendre's polynomial, by Newton's method
/// from Tricomi's guesses.
std::vector<QuadraturePoint> gauss_legendre(size_t n) {
  std::vector<QuadraturePoint> points(n);
  const auto degree = static_cast<double>(n);
  for (size_t i = 0; i < n; ++i) {
    double x = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (degree + 0.5));
    double slope = 1;
    for (int round = 0; round < 20; ++round) {
      double before = 1, value = x;  // P0 and P1, up to Pn by the three-term recurrence.
      for (size_t k = 2; k <= n; ++k) {
        const auto order = static_cast<double>(k);
        const double next = ((2 * order - 1) * x * value - (order - 1) * before) / order;
        before = value;
        value = next;
      }
      slope = degree * (x * value - before) / (x * x - 1);
      const double step = value / slope;
      x -= step;
      if (std::abs(step) < 1e-16) break;
    }
    points[i] = {.t = (1 - x) / 2, .weight = 1 / ((1 - x * x) * slope * slope)};
  }
  return points;
}

double rows_behind(const Trees& trees, int32_t from) {
  const int32_t leaf = ~from;
  return from < 0 ? trees.leaf_rows[static_cast<size_t>(leaf)]
                  : trees.node_rows[static_cast<size_t>(from)];
}

}  // namespace

/// A step of a tree as seen from the root, while tables are made.
struct TreeShap::Path {
  int32_t from = 0;  ///< A node, or ~leaf.
  uint32_t parent = 0;
  uint32_t feature = 0;                  ///< Of the split that leads here.
  std::optional<uint32_t> earlier = {};  ///< The step behind the split of that feature before.
  double share = 1;                      ///< Of the rows at the parent.
  double passed = 1;                     ///< z of that feature: product of its shares.
  double reached = 1;                    ///< Product of all shares.
  double leaf = 1;                       ///< Its value; 1 for a node.
  size_t features = 0;                   ///< Different ones on the way.
};

/// What one thread needs for a block of rows.
struct TreeShap::Buffers {
  std::vector<TreeSteps::Cell> cells;  ///< [row][cell]
  std::vector<Lanes> sums;             ///< [row][used feature]
  std::vector<Lanes> products;         ///< [step][vector]
  std::vector<uint8_t> passes;         ///< [step]: the row passes all splits of its feature.
  std::vector<const Lanes*> met;       ///< [split]: the row of its table.
};

TreeShap::TreeShap(const Trees& trees)
    : feature_count_(trees.feature_count), steps_(trees), used_places_(trees.feature_count, 0) {
  assert(trees.leaf_rows.size() == trees.leaves.size());
  for (size_t number = 0; number < trees.roots.size(); ++number) add_tree(trees, number);
}

uint32_t TreeShap::use_feature(uint32_t feature) {
  if (used_places_[feature] == 0) {
    used_features_.push_back(feature);
    used_places_[feature] = static_cast<uint32_t>(used_features_.size());
  }
  return used_places_[feature] - 1;
}

void TreeShap::add_tree(const Trees& trees, size_t number) {
  const uint32_t root = steps_.roots()[number];
  Tree tree{.first_split = splits_.size(), .first_table = tables_.size()};
  std::vector<Path> paths = {Path{.from = trees.roots[number]}};
  size_t features_max = 0;
  for (uint32_t at = 0; at < paths.size(); ++at) {  // Breadth first, as TreeSteps.
    features_max = std::max(features_max, paths[at].features);
    const int32_t from = paths[at].from;
    if (from < 0) {
      const int32_t leaf = ~from;
      paths[at].leaf = trees.leaves[static_cast<size_t>(leaf)];
      base_ += paths[at].reached * paths[at].leaf;
      continue;
    }
    const TreeNode& node = trees.nodes[static_cast<size_t>(from)];
    std::optional<uint32_t> earlier;
    for (uint32_t up = at; up != 0 && !earlier; up = paths[up].parent) {
      if (paths[up].feature == node.feature) earlier = up;
    }
    TreeSteps::Step step = steps_.steps()[root + at];
    step.left -= root;
    assert(step.left == paths.size());
    splits_.push_back({.step = step,
                       .earlier = earlier.value_or(0),
                       .used = use_feature(node.feature),
                       .at = at});
    const double left = rows_behind(trees, node.left);
    const double both = left + rows_behind(trees, node.right);
    const double left_share = both > 0 ? left / both : 0.5;
    for (const auto& [child, share] :
         {std::pair{node.left, left_share}, std::pair{node.right, 1 - left_share}}) {
      paths.push_back({.from = child,
                       .parent = at,
                       .feature = node.feature,
                       .earlier = earlier,
                       .share = share,
                       .passed = (earlier ? paths[*earlier].passed : 1) * share,
                       .reached = paths[at].reached * share,
                       .features = paths[at].features + (earlier ? 0 : 1)});
    }
  }
  tree.split_count = splits_.size() - tree.first_split;
  tree.step_count = paths.size();
  // The integrand is of degree features - 1.
  tree.vectors = std::max<size_t>(1, ((features_max + 1) / 2 + kLanes - 1) / kLanes);
  steps_max_ = std::max(steps_max_, tree.step_count);
  vectors_max_ = std::max(vectors_max_, tree.vectors);
  fill_tables(tree, paths);
  trees_.push_back(tree);
}

void TreeShap::fill_tables(const Tree& tree, const std::vector<Path>& paths) {
  const std::vector<QuadraturePoint> points = gauss_legendre(tree.vectors * kLanes);
  tables_.resize(tree.first_table + tree.split_count * kMeetings * kParts * tree.vectors);
  Lanes* into = tables_.data() + tree.first_table;
  const auto put = [&](size_t part, size_t point, double value) {
    into[part * tree.vectors + point / kLanes].v[point % kLanes] = value;
  };
  for (size_t number = 0; number < tree.split_count; ++number) {
    const Split& split = splits_[tree.first_split + number];
    for (size_t meeting = 0; meeting < kMeetings; ++meeting) {
      for (size_t side = 0; side < 2; ++side) {
        const Path& child = paths[split.step.left + side];
        for (size_t i = 0; i < points.size(); ++i) {
          const auto [t, weight] = points[i];
          if (meeting == 2) {  // o stays 0: z shrinks, and (o - z) / factor stays -1 / (1 - t).
            put(side, i, child.leaf * child.share);
            put(2 + side, i, 0);
            continue;
          }
          // The feature's factor and (o - z) / factor, before this split and after it.
          const double z = child.earlier ? paths[*child.earlier].passed : 1;
          const double factor = t + (1 - t) * z;
          const bool goes_here = meeting == side;
          const double factor_after = (goes_here ? t : 0) + (1 - t) * child.passed;
          const double pays_after = goes_here ? (1 - child.passed) / factor_after : -1 / (1 - t);
          put(side, i, child.leaf * factor_after / factor);
          put(2 + side, i, weight * (pays_after - (1 - z) / factor));
        }
      }
      into += kParts * tree.vectors;
    }
  }
}

template <size_t kVectors>
[[gnu::always_inline]] inline void TreeShap::explain_row(const Tree& tree,
                                                         const TreeSteps::Cell* cells, Lanes* sums,
                                                         Buffers& buffers) const {
  const size_t vectors = kVectors == 0 ? tree.vectors : kVectors;
  const Split* const splits = splits_.data() + tree.first_split;
  const Lanes* const tables = tables_.data() + tree.first_table;
  const uint32_t* const words = steps_.words().data();
  Lanes* const products = buffers.products.data();
  uint8_t* const passes = buffers.passes.data();
  passes[0] = 1;
  for (size_t i = 0; i < vectors; ++i) products[i].v = Lanes::Vector{1, 1, 1, 1};
  for (size_t number = 0; number < tree.split_count; ++number) {
    const Split& split = splits[number];
    const uint32_t right = TreeSteps::goes_right(split.step, cells, words);
    const uint32_t passed = passes[split.earlier];
    passes[split.step.left] = static_cast<uint8_t>(passed & (right ^ 1U));
    passes[split.step.left + 1] = static_cast<uint8_t>(passed & right);
    const size_t meeting = passed != 0 ? right : 2;
    const Lanes* const met = tables + (number * kMeetings + meeting) * kParts * vectors;
    buffers.met[number] = met;
    const Lanes* const here = products + split.at * vectors;
    Lanes* const left = products + split.step.left * vectors;
    for (size_t i = 0; i < vectors; ++i) {
      left[i].v = here[i].v * met[i].v;
      left[vectors + i].v = here[i].v * met[vectors + i].v;
    }
  }
  for (size_t number = tree.split_count; number-- > 0;) {
    const Split& split = splits[number];
    const Lanes* const weights = buffers.met[number] + 2 * vectors;
    Lanes* const here = products + split.at * vectors;
    const Lanes* const left = products + split.step.left * vectors;
    Lanes::Vector sum = sums[split.used].v;
    for (size_t i = 0; i < vectors; ++i) {
      sum += left[i].v * weights[i].v + left[vectors + i].v * weights[vectors + i].v;
      here[i].v = left[i].v + left[vectors + i].v;
    }
    sums[split.used].v = sum;
  }
}

[[gnu::always_inline]] inline void TreeShap::explain_trees(size_t rows, Buffers& buffers) const {
  for (const Tree& tree : trees_) {
    for (size_t row = 0; row < rows; ++row) {
      const TreeSteps::Cell* const cells = buffers.cells.data() + row * steps_.cell_count();
      Lanes* const sums = buffers.sums.data() + row * used_features_.size();
      switch (tree.vectors) {
        case 1:
          explain_row<1>(tree, cells, sums, buffers);
          break;
        case 2:
          explain_row<2>(tree, cells, sums, buffers);
          break;
        default:
          explain_row<0>(tree, cells, sums, buffers);
      }
    }
  }
}

void TreeShap::explain_block(size_t rows, Buffers& buffers) const { explain_trees(rows, buffers); }

// The same operations in the same order, four at once: the results are equal bit by bit.
#if defined(__x86_64__)
[[gnu::target("avx2")]]
#endif
void TreeShap::explain_block_wide(size_t rows, Buffers& buffers) const {
  explain_trees(rows, buffers);
}

void TreeShap::add_contributions(std::span<const double> features, std::span<double> out) const {
  assert(features.size() == out.size());
#if defined(__x86_64__)
  const bool wide = __builtin_cpu_supports("avx2") != 0;
#else
  const bool wide = false;
#endif
  const size_t rows = feature_count_ == 0 ? 0 : features.size() / feature_count_;
  const size_t used = used_features_.size();
  const size_t at_once = std::min(rows, kRowsAtOnce);
  Buffers buffers;
  buffers.cells.resize(at_once * steps_.cell_count());
  buffers.products.resize(steps_max_ * vectors_max_);
  buffers.passes.resize(steps_max_);
  buffers.met.resize(steps_max_);
  for (size_t begin = 0; begin < rows; begin += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, rows - begin);
    for (size_t row = 0; row < count; ++row) {
      steps_.read_row(features.data() + (begin + row) * feature_count_,
                      buffers.cells.data() + row * steps_.cell_count());
    }
    buffers.sums.assign(count * used, Lanes{});
    wide ? explain_block_wide(count, buffers) : explain_block(count, buffers);
    for (size_t row = 0; row < count; ++row) {
      double* const into = out.data() + (begin + row) * feature_count_;
      for (size_t i = 0; i < used; ++i) {
        const Lanes::Vector& sum = buffers.sums[row * used + i].v;
        into[used_features_[i]] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
      }
    }
  }
}

}  // namespace millgate
