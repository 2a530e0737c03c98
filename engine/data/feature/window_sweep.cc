#include "data/feature/window_sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "data/feature/fact_tree.h"
#include "data/feature/window_facts.h"

namespace millgate {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

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

std::vector<size_t> in_order_of_time(std::span<const WindowFact> facts) {
  std::vector<size_t> order(facts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return facts[a].happened < facts[b].happened; });
  return order;
}

std::vector<int64_t> times_of(std::span<const WindowFact> facts, const std::vector<size_t>& order) {
  std::vector<int64_t> times;
  times.reserve(order.size());
  for (const size_t fact : order) times.push_back(facts[fact].happened);
  return times;
}

class Sweep {
 public:
  Sweep(const Window& window, std::span<const WindowFact> facts)
      : window_(window),
        counts_distinct_(window.kind == WindowKind::distinct),
        order_(in_order_of_time(facts)),
        tree_(times_of(facts, order_), window.half_life) {
    facts_.reserve(facts.size());
    for (const size_t fact : order_) facts_.push_back(facts[fact]);
    std::vector<size_t> place(facts.size());
    for (size_t i = 0; i < order_.size(); ++i) place[order_[i]] = i;
    find_changes(facts, place);
  }

  std::optional<double> at(int64_t time) {
    for (; next_ < changes_.size() && changes_[next_].time <= time; ++next_) apply(changes_[next_]);
    const size_t end = move_end(time);
    if (window_.span) move_begin(earlier(time, *window_.span));
    return value(time, end);
  }

 private:
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
    const bool is_inside = change.fact >= begin_ && change.fact < end_;
    if (counts_distinct_) {
      if (is_inside && change.enters) distinct_.add(fact.value);
      if (is_inside && !change.enters) distinct_.remove(fact.value);
    }
    if (change.enters) {
      tree_.set(change.fact, fact.value);
    } else {
      tree_.clear(change.fact);
    }
  }

  /// Facts that happened up to `time`.
  size_t move_end(int64_t time) {
    for (; end_ < facts_.size() && facts_[end_].happened <= time; ++end_) {
      if (counts_distinct_ && tree_.counts(end_)) distinct_.add(facts_[end_].value);
    }
    return end_;
  }
  /// Facts that happened up to `limit` leave.
  void move_begin(int64_t limit) {
    for (; begin_ < end_ && facts_[begin_].happened <= limit; ++begin_) {
      if (counts_distinct_ && tree_.counts(begin_)) distinct_.remove(facts_[begin_].value);
    }
  }

  std::optional<double> value(int64_t time, size_t end) {
    size_t begin = begin_;
    if (!window_.span) {
      begin = tree_.from_the_end(end, window_.last_count - 1);
      if (begin == end) begin = 0;  // Fewer than so many: all.
    }
    if (window_.kind == WindowKind::distinct) return distinct_between(begin, end);
    if (window_.kind == WindowKind::last) return last(begin, end);
    const FactSummary summary = tree_.between(begin, end);
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
      if (tree_.counts(i)) values.push_back(facts_[i].value);
    }
    std::sort(values.begin(), values.end());
    return static_cast<double>(std::unique(values.begin(), values.end()) - values.begin());
  }

  std::optional<double> last(size_t begin, size_t end) {
    const size_t found = tree_.from_the_end(end, window_.position - 1);
    if (found == end || found < begin) return std::nullopt;
    return facts_[found].value;
  }

  const Window& window_;
  bool counts_distinct_;       ///< Only then `distinct_` is kept.
  std::vector<size_t> order_;  ///< Of the facts as they were given, by time.
  FactTree tree_;
  std::vector<WindowFact> facts_;  ///< In the order of time.
  std::vector<Change> changes_;    ///< In the order of knowing.
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
