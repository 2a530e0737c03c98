/// How often each value of a column occurs: exact while there are few, else the frequent ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/measure/distinct_sketch.h"

namespace millgate {

/// Hashes numbers and texts alike, and finds a text without copying it.
struct ValueHash {
  using is_transparent = void;
  size_t operator()(uint64_t bits) const { return sketch_hash(bits); }
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  size_t operator()(const std::string& text) const { return (*this)(std::string_view(text)); }
};

/// Counts of values of type `Key` (uint64_t or std::string).
///
/// Exact up to `kExactMax` distinct values. Beyond it distinct values are counted by a sketch, and
/// of their counts those of about `kFrequentMax` frequent values are kept (Misra and Gries 1982):
/// a count is then too low by at most `count_error`. Merging two gives what both streams together
/// would give, exactly while that is exact.
template <typename Key>
class ValueCounts {
 public:
  static constexpr size_t kExactMax = 10'000;
  static constexpr size_t kFrequentMax = 1'000;

  /// Counts `value`. When it is the one that ends exact counting, `before_forgetting` is first
  /// called with all exact counts, `value` among them.
  template <typename View, typename Callback>
  void add(const View& value, int64_t count, Callback&& before_forgetting) {
    if (!exact_) distinct_.add(hash_of(value));
    if (const auto found = counts_.find(value); found != counts_.end()) {
      found->second += count;
      return;
    }
    counts_.emplace(Key(value), count);
    if (exact_ && counts_.size() > kExactMax) before_forgetting(counts_);
    if (exact_ ? counts_.size() > kExactMax : counts_.size() >= 2 * kFrequentMax) shrink();
  }
  template <typename View>
  void add(const View& value, int64_t count = 1) {
    add(value, count, [](const auto&) {});
  }

  void merge(const ValueCounts& other) {
    if (!other.exact_) {
      if (exact_) forget_rare();
      distinct_.merge(other.distinct_);
      count_error_ += other.count_error_;
    }
    for (const auto& [value, count] : other.counts_) add(value, count);
  }

  [[nodiscard]] bool exact() const { return exact_; }
  [[nodiscard]] double distinct_count() const {
    return exact_ ? static_cast<double>(counts_.size()) : distinct_.count();
  }
  [[nodiscard]] int64_t count_error() const { return count_error_; }
  [[nodiscard]] const auto& counts() const { return counts_; }

  /// The most frequent values, at most `count_max`; of equal counts the least value first.
  [[nodiscard]] std::vector<std::pair<Key, int64_t>> most_frequent(size_t count_max) const {
    std::vector<std::pair<Key, int64_t>> list(counts_.begin(), counts_.end());
    const auto before = [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    };
    const size_t kept = std::min(count_max, list.size());
    std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(kept), list.end(),
                      before);
    list.resize(kept);
    return list;
  }

 private:
  static uint64_t hash_of(uint64_t bits) { return sketch_hash(bits); }
  static uint64_t hash_of(std::string_view text) { return sketch_hash(text); }

  /// Ends exact counting: what was counted goes into the sketch.
  void forget_rare() {
    exact_ = false;
    for (const auto& [value, count] : counts_) distinct_.add(hash_of(value));
  }

  /// Takes the count of rank kFrequentMax + 1 off every count, and drops what is left without.
  void shrink() {
    if (exact_) forget_rare();
    std::vector<int64_t> sizes;
    sizes.reserve(counts_.size());
    for (const auto& [value, count] : counts_) sizes.push_back(count);
    std::nth_element(sizes.begin(), sizes.begin() + kFrequentMax, sizes.end(), std::greater<>());
    const int64_t off = sizes[kFrequentMax];
    count_error_ += off;
    for (auto one = counts_.begin(); one != counts_.end();) {
      one->second -= off;
      one = one->second <= 0 ? counts_.erase(one) : std::next(one);
    }
  }

  std::unordered_map<Key, int64_t, ValueHash, std::equal_to<>> counts_;
  DistinctSketch distinct_;
  int64_t count_error_ = 0;
  bool exact_ = true;
};

}  // namespace millgate
