/// What is known of stretches of an entity's facts, in the order of time. Inside the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millgate {

/// What is known of a stretch of facts. Of no facts, all is 0.
struct FactSummary {
  int64_t count = 0;
  double sum = 0.0;
  double min = 0.0;
  double max = 0.0;
  double decayed = 0.0;  ///< As of `at`.
  int64_t at = 0;        ///< When the newest of them happened.
};

/// The decay over `micros`, a half each `half_life`.
[[nodiscard]] double decay(int64_t micros, int64_t half_life);

/// Facts in the order of time, of which each counts or not.
///
/// How a sum is grouped is decided by the times of the facts that count and lie in the stretch, and
/// by nothing else: times that have their first bits in common are added up first. So a window has
/// the same value, bit by bit, whether older facts are there or not, and whether ones that do not
/// count lie between: in a training set, and in an online store that keeps the last hours.
class FactTree {
 public:
  /// `times` ascend; `half_life` 0: nothing decays. At first, no fact counts.
  FactTree(std::vector<int64_t> times, int64_t half_life);

  void set(size_t fact, double value);
  void clear(size_t fact);
  [[nodiscard]] bool counts(size_t fact) const { return counts_[fact]; }

  /// Of facts [begin, end).
  [[nodiscard]] FactSummary between(size_t begin, size_t end);
  /// The fact that has `rank` others of [0, end) after it, from 0 on; `end` when there is none.
  [[nodiscard]] size_t from_the_end(size_t end, int64_t rank);

 private:
  /// Facts [begin, end): of one time, or of times that differ first in the bit by which `left` and
  /// `right` are told apart.
  struct Node {
    size_t begin = 0;
    size_t end = 0;
    size_t parent = kNone;
    size_t left = kNone;
    size_t right = kNone;
    bool is_stale = false;  ///< `summary` has to be made again.
    FactSummary summary;
  };
  static constexpr size_t kNone = static_cast<size_t>(-1);

  size_t build(size_t begin, size_t end, size_t parent);
  void touch(size_t fact);
  [[nodiscard]] FactSummary folded(size_t begin, size_t end) const;
  const FactSummary& fresh(size_t node);
  FactSummary between(size_t node, size_t begin, size_t end);

  int64_t half_life_;
  std::vector<int64_t> times_;
  std::vector<double> values_;
  std::vector<bool> counts_;
  std::vector<size_t> node_of_;  ///< By fact: the node of its time.
  std::vector<Node> nodes_;      ///< The first is the root.
};

}  // namespace millgate
