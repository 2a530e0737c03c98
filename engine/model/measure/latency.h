/// Latency counted in buckets, and its percentiles.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace millgate {

/// Value at `share` (0 to 1) of `values` by the nearest rank; `values` gets sorted. 0 when empty.
[[nodiscard]] double percentile(std::span<double> values, double share);

/// Counts durations from 2^-20 seconds (0.95 microseconds) to 64 in buckets 1/8 of an octave wide,
/// so that a percentile is within 9.1 %. Bucket i holds what is at most 2^(i/8 - 20) seconds; the
/// first also all that is shorter, the last also all that is longer. They are the buckets of
/// Prometheus' native histograms of schema 3, the first of them number -160. Wait-free; any number
/// of threads; a reader may see one thread's `add` in one count and not yet in another.
class LatencyHistogram {
 public:
  static constexpr int kBuckets = 26 * 8 + 1;
  static constexpr int kSchema = 3;
  static constexpr int kFirstIndex = -160;
  /// Negative durations (a clock set back) count as 0.
  void add(int64_t nanos);
  [[nodiscard]] uint64_t count() const;
  [[nodiscard]] double sum_seconds() const;
  /// Of bucket `i`, below kBuckets.
  [[nodiscard]] uint64_t count_in(int i) const;
  /// Upper bound in seconds of the bucket in which `share` of all lies; 0 when empty.
  [[nodiscard]] double percentile_seconds(double share) const;
  /// How many were at most `seconds`; exact where `seconds` is the bound of a bucket, else those
  /// of the buckets that lie wholly below. Infinity: all.
  [[nodiscard]] uint64_t count_at_most(double seconds) const;

 private:
  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<uint64_t> sum_nanos_{0};
};

}  // namespace millgate
