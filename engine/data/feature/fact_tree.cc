#include "data/feature/fact_tree.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "data/feature/kernel.h"

namespace millgate {
namespace {

/// In the order of the times, also of those before 1970.
uint64_t bits_of(int64_t time) { return static_cast<uint64_t>(time) ^ (uint64_t{1} << 63U); }

FactSummary combine(const FactSummary& earlier, const FactSummary& later, int64_t half_life) {
  if (earlier.count == 0) return later;
  if (later.count == 0) return earlier;
  FactSummary both;
  both.count = earlier.count + later.count;
  both.sum = earlier.sum + later.sum;
  both.min = before(later.min, earlier.min) ? later.min : earlier.min;
  both.max = before(earlier.max, later.max) ? later.max : earlier.max;
  both.at = later.at;
  if (half_life > 0) {
    both.decayed = earlier.decayed * decay(later.at - earlier.at, half_life) + later.decayed;
  }
  return both;
}

}  // namespace

double decay(int64_t micros, int64_t half_life) {
  return std::exp2(-static_cast<double>(micros) / static_cast<double>(half_life));
}

FactTree::FactTree(std::vector<int64_t> times, int64_t half_life)
    : half_life_(half_life),
      times_(std::move(times)),
      values_(times_.size()),
      counts_(times_.size(), false),
      node_of_(times_.size()) {
  nodes_.reserve(2 * times_.size());
  if (!times_.empty()) build(0, times_.size(), kNone);
}

/// At most 64 deep, a level for each bit of a time.
size_t FactTree::build(size_t begin, size_t end, size_t parent) {
  const size_t node = nodes_.size();
  nodes_.push_back({.begin = begin, .end = end, .parent = parent, .summary = {}});
  const uint64_t differing = bits_of(times_[begin]) ^ bits_of(times_[end - 1]);
  if (differing == 0) {
    for (size_t fact = begin; fact < end; ++fact) node_of_[fact] = node;
    return node;
  }
  const uint64_t bit = std::bit_floor(differing);
  const auto middle =
      std::partition_point(times_.begin() + static_cast<std::ptrdiff_t>(begin),
                           times_.begin() + static_cast<std::ptrdiff_t>(end),
                           [&](int64_t time) { return (bits_of(time) & bit) == 0; });
  const auto half = static_cast<size_t>(middle - times_.begin());
  const size_t left = build(begin, half, node);
  const size_t right = build(half, end, node);
  nodes_[node].left = left;
  nodes_[node].right = right;
  return node;
}

void FactTree::set(size_t fact, double value) {
  values_[fact] = value;
  counts_[fact] = true;
  touch(fact);
}

void FactTree::clear(size_t fact) {
  counts_[fact] = false;
  touch(fact);
}

/// Above a stale node all are stale.
void FactTree::touch(size_t fact) {
  for (size_t node = node_of_[fact]; node != kNone && !nodes_[node].is_stale;
       node = nodes_[node].parent) {
    nodes_[node].is_stale = true;
  }
}

FactSummary FactTree::folded(size_t begin, size_t end) const {
  FactSummary all;
  for (size_t fact = begin; fact < end; ++fact) {
    if (!counts_[fact]) continue;
    const double value = values_[fact];
    all = combine(all,
                  {.count = 1,
                   .sum = value,
                   .min = value,
                   .max = value,
                   .decayed = value,
                   .at = times_[fact]},
                  half_life_);
  }
  return all;
}

const FactSummary& FactTree::fresh(size_t index) {
  Node& node = nodes_[index];
  if (!node.is_stale) return node.summary;
  node.summary = node.left == kNone ? folded(node.begin, node.end)
                                    : combine(fresh(node.left), fresh(node.right), half_life_);
  node.is_stale = false;
  return node.summary;
}

FactSummary FactTree::between(size_t index, size_t begin, size_t end) {
  const Node& node = nodes_[index];
  begin = std::max(begin, node.begin);
  end = std::min(end, node.end);
  if (begin >= end) return {};
  if (begin == node.begin && end == node.end) return fresh(index);
  if (node.left == kNone) return folded(begin, end);
  return combine(between(node.left, begin, end), between(node.right, begin, end), half_life_);
}

FactSummary FactTree::between(size_t begin, size_t end) {
  return nodes_.empty() ? FactSummary() : between(0, begin, end);
}

size_t FactTree::from_the_end(size_t end, int64_t rank) {
  int64_t wanted = between(0, end).count - rank;  // From the begin, 1 the first.
  if (wanted <= 0) return end;
  size_t node = 0;
  while (nodes_[node].left != kNone) {
    const int64_t before = fresh(nodes_[node].left).count;
    const bool is_left = wanted <= before;
    if (!is_left) wanted -= before;
    node = is_left ? nodes_[node].left : nodes_[node].right;
  }
  size_t fact = nodes_[node].begin;
  while (!counts_[fact] || --wanted > 0) ++fact;
  return fact;
}

}  // namespace millgate
