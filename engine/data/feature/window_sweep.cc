#include "data/feature/window_sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "data/feature/kernel.h"

namespace millgate {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

/// What is known of a stretch of facts in the order of time. The identity has count 0.
struct Summary {
  int64_t count = 0;
  double sum = 0.0;
  double min = 0.0;
  double max = 0.0;
  double decayed = 0.0;  ///< As of `at`.
  int64_t at = 0;        ///< When the newest of them happened.
};

/// The decay over `micros`.
double decay(int64_t micros, int64_t half_life) {
  return std::exp2(-static_cast<double>(micros) / static_cast<double>(half_life));
}

Summary combine(const Summary& earlier, const Summary& later, int64_t half_life) {
  if (earlier.count == 0) return later;
  if (later.count == 0) return earlier;
  Summary both;
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

/// A segment tree over the facts in the order of time; leaves come and go.
class FactTree {
 public:
  FactTree(size_t size, int64_t half_life) : half_life_(half_life) {
    while (leaves_ < size) leaves_ *= 2;
    nodes_.resize(2 * leaves_);
  }

  void set(size_t leaf, const Summary& summary) {
    size_t node = leaves_ + leaf;
    nodes_[node] = summary;
    for (node /= 2; node > 0; node /= 2) {
      nodes_[node] = combine(nodes_[2 * node], nodes_[2 * node + 1], half_life_);
    }
  }
  /// Of leaves [begin, end).
  [[nodiscard]] Summary between(size_t begin, size_t end) const {
    Summary left;
    Summary right;
    for (size_t a = begin + leaves_, b = end + leaves_; a < b; a /= 2, b /= 2) {
      if (a % 2 == 1) left = combine(left, nodes_[a++], half_life_);
      if (b % 2 == 1) right = combine(nodes_[--b], right, half_life_);
    }
    return combine(left, right, half_life_);
  }
  /// The leaf that has `rank` others of [0, end) after it, counted from 0; `end` when there is
  /// none.
  [[nodiscard]] size_t from_the_end(size_t end, int64_t rank) const {
    int64_t wanted = between(0, end).count - rank;  // From the begin, 1 the first.
    if (wanted <= 0) return end;
    size_t node = 1;
    while (node < leaves_) {
      node *= 2;
      if (nodes_[node].count < wanted) wanted -= nodes_[node++].count;
    }
    return node - leaves_;
  }
  [[nodiscard]] const Summary& leaf(size_t index) const { return nodes_[leaves_ + index]; }

 private:
  int64_t half_life_;
  size_t leaves_ = 1;
  std::vector<Summary> nodes_;
};

/// How many different values are between two places that only move forward.
class DistinctCount {
 public:
  void add(double value) { ++times_[value]; }
  void remove(double value) {
    const auto found = times_.find(value);
    if (--found->second == 0) times_.erase(found);
  }
  [[nodiscard]] int64_t count() const { return static_cast<int64_t>(times_.size()); }

 private:
  std::unordered_map<double, int64_t> times_;  // Numbers of values, given by the query.
};

/// A fact becomes the version that counts, or stops being it.
struct Change {
  int64_t time = 0;
  size_t fact = 0;  ///< In the order of time.
  bool enters = false;
};

class Sweep {
 public:
  Sweep(const Window& window, std::span<const WindowFact> facts)
      : window_(window),
        counts_distinct_(window.kind == WindowKind::distinct),
        tree_(facts.size(), window.half_life) {
    std::vector<size_t> order(facts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return facts[a].happened < facts[b].happened; });
    for (const size_t fact : order) facts_.push_back(facts[fact]);
    std::vector<size_t> place(facts.size());
    for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    find_changes(facts, place);
    is_active_.resize(facts.size(), false);
  }

  std::optional<double> at(int64_t time) {
    for (; next_ < changes_.size() && changes_[next_].time <= time; ++next_) apply(changes_[next_]);
    const size_t end = move_end(time);
    if (window_.span) move_begin(begin_of_span(time));
    return value(time, end);
  }

 private:
  int64_t begin_of_span(int64_t time) const {
    int64_t begin = 0;
    const bool overflows = __builtin_sub_overflow(time, *window_.span, &begin);
    return overflows ? std::numeric_limits<int64_t>::min() : begin;
  }

  /// A version counts from when it is known until the next one of its key is.
  void find_changes(std::span<const WindowFact> facts, const std::vector<size_t>& place) {
    std::vector<size_t> order(facts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(facts[a].key, facts[a].known) < std::pair(facts[b].key, facts[b].known);
    });
    for (size_t i = 0; i < order.size(); ++i) {
      const WindowFact& fact = facts[order[i]];
      const bool has_next = i + 1 < order.size() && facts[order[i + 1]].key == fact.key;
      const int64_t until = has_next ? facts[order[i + 1]].known : kNever;
      if (until <= fact.known) continue;
      changes_.push_back({.time = fact.known, .fact = place[order[i]], .enters = true});
      if (has_next) changes_.push_back({.time = until, .fact = place[order[i]], .enters = false});
    }
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.time < b.time; });
  }

  void apply(const Change& change) {
    const WindowFact& fact = facts_[change.fact];
    if (!fact.has_value) return;
    is_active_[change.fact] = change.enters;
    const bool is_inside = change.fact >= begin_ && change.fact < end_;
    if (counts_distinct_) {
      if (is_inside && change.enters) distinct_.add(fact.value);
      if (is_inside && !change.enters) distinct_.remove(fact.value);
    }
    Summary leaf;
    if (change.enters) {
      leaf = {.count = 1,
              .sum = fact.value,
              .min = fact.value,
              .max = fact.value,
              .decayed = fact.value,
              .at = fact.happened};
    }
    tree_.set(change.fact, leaf);
  }

  /// Facts that happened up to `time`.
  size_t move_end(int64_t time) {
    for (; end_ < facts_.size() && facts_[end_].happened <= time; ++end_) {
      if (counts_distinct_ && is_active_[end_]) distinct_.add(facts_[end_].value);
    }
    return end_;
  }
  /// Facts that happened up to `limit` leave.
  void move_begin(int64_t limit) {
    for (; begin_ < end_ && facts_[begin_].happened <= limit; ++begin_) {
      if (counts_distinct_ && is_active_[begin_]) distinct_.remove(facts_[begin_].value);
    }
  }

  std::optional<double> value(int64_t time, size_t end) const {
    size_t begin = begin_;
    if (!window_.span) {
      begin = tree_.from_the_end(end, window_.last_count - 1);
      if (begin == end) begin = 0;  // Fewer than so many: all.
    }
    if (window_.kind == WindowKind::distinct) return distinct_between(begin, end);
    if (window_.kind == WindowKind::last) return last(begin, end);
    const Summary summary = tree_.between(begin, end);
    if (window_.kind == WindowKind::count) return static_cast<double>(summary.count);
    if (summary.count == 0) {
      return window_.kind == WindowKind::decayed_count ? std::optional(0.0) : std::nullopt;
    }
    switch (window_.kind) {
      case WindowKind::sum:
        return summary.sum;
      case WindowKind::mean:
        return summary.sum / static_cast<double>(summary.count);
      case WindowKind::min:
        return summary.min;
      case WindowKind::max:
        return summary.max;
      default:
        return summary.decayed * decay(time - summary.at, window_.half_life);
    }
  }

  double distinct_between(size_t begin, size_t end) const {
    if (window_.span) return static_cast<double>(distinct_.count());
    std::vector<double> values;
    for (size_t i = begin; i < end; ++i) {
      if (is_active_[i]) values.push_back(facts_[i].value);
    }
    std::sort(values.begin(), values.end());
    return static_cast<double>(std::unique(values.begin(), values.end()) - values.begin());
  }

  std::optional<double> last(size_t begin, size_t end) const {
    const size_t found = tree_.from_the_end(end, window_.position - 1);
    if (found == end || found < begin) return std::nullopt;
    return facts_[found].value;
  }

  const Window& window_;
  bool counts_distinct_;  ///< Only then `distinct_` is kept.
  FactTree tree_;
  std::vector<WindowFact> facts_;  ///< In the order of time.
  std::vector<Change> changes_;    ///< In the order of knowing.
  std::vector<bool> is_active_;
  DistinctCount distinct_;
  size_t next_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace

std::vector<std::optional<double>> sweep_window(const Window& window,
                                                std::span<const WindowFact> facts,
                                                std::span<const int64_t> asked) {
  Sweep sweep(window, facts);
  std::vector<std::optional<double>> values;
  values.reserve(asked.size());
  for (const int64_t time : asked) values.push_back(sweep.at(time));
  return values;
}

}  // namespace millgate
