#include "model/measure/latency.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace millgate {
namespace {

using Bounds = std::array<int64_t, LatencyHistogram::kBuckets>;

/// Upper bounds of the buckets in nanoseconds.
const Bounds& bounds() {
  static const Bounds values = [] {
    Bounds made{};
    for (size_t i = 0; i < made.size(); ++i) {
      made[i] = std::llround(1e9 * std::exp2(static_cast<double>(i) / 8 - 20));
    }
    return made;
  }();
  return values;
}

}  // namespace

double percentile(std::span<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const double last = static_cast<double>(values.size());
  return values[static_cast<size_t>(std::clamp(rank, 1.0, last)) - 1];
}

void LatencyHistogram::add(int64_t nanos) {
  nanos = std::max<int64_t>(nanos, 0);
  const Bounds& upper = bounds();
  const auto bucket = std::lower_bound(upper.begin(), upper.end() - 1, nanos) - upper.begin();
  counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_nanos_.fetch_add(static_cast<uint64_t>(nanos), std::memory_order_relaxed);
}

uint64_t LatencyHistogram::count() const {
  uint64_t sum = 0;
  for (const auto& bucket : counts_) sum += bucket.load(std::memory_order_relaxed);
  return sum;
}

double LatencyHistogram::sum_seconds() const {
  return static_cast<double>(sum_nanos_.load(std::memory_order_relaxed)) / 1e9;
}

uint64_t LatencyHistogram::count_in(int i) const {
  return counts_.at(static_cast<size_t>(i)).load(std::memory_order_relaxed);
}

double LatencyHistogram::percentile_seconds(double share) const {
  // One copy, so that the rank and the walk see the same counts while others add.
  std::array<uint64_t, kBuckets> counts{};
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    counts[i] = counts_[i].load(std::memory_order_relaxed);
    total += counts[i];
  }
  if (total == 0) return 0;
  const double rank = std::max(1.0, std::ceil(share * static_cast<double>(total)));
  uint64_t sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    if (static_cast<double>(sum) >= rank) return static_cast<double>(bounds()[i]) / 1e9;
  }
  return static_cast<double>(bounds().back()) / 1e9;
}

uint64_t LatencyHistogram::count_at_most(double seconds) const {
  if (std::isinf(seconds) && seconds > 0) return count();
  uint64_t sum = 0;
  // The last bucket has no upper bound, so it is never wholly below.
  for (size_t i = 0; i + 1 < counts_.size(); ++i) {
    if (static_cast<double>(bounds()[i]) / 1e9 > seconds) break;
    sum += counts_[i].load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace millgate
