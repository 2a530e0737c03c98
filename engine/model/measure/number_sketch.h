/// How numbers are spread, in bounded memory: counts in buckets whose width grows with the number.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Buckets of numbers: each octave from 2^-64 to 2^64 is cut into 64 equal parts, and so are the
/// negative ones. What is nearer to 0 counts as 0, what is beyond into the last bucket.
inline constexpr int kBucketsPerOctave = 64;
inline constexpr int kBucketOctaves = 128;

/// Of a finite number: 0 for zero, 1 ... 8192 by size for positive numbers, their negatives for
/// negative ones. A larger number never has a smaller bucket.
[[nodiscard]] inline int32_t number_bucket(double value) {
  constexpr int kFirstExponent = 1023 - kBucketOctaves / 2;
  const auto bits = std::bit_cast<uint64_t>(value) & ~(uint64_t{1} << 63U);
  const int octave = static_cast<int>(bits >> 52U) - kFirstExponent;
  if (octave < 0) return 0;
  // The first six bits of the mantissa say which 64th of the octave it is.
  const int32_t bucket = octave >= kBucketOctaves
                             ? kBucketOctaves * kBucketsPerOctave
                             : static_cast<int32_t>(octave * kBucketsPerOctave +
                                                    static_cast<int>((bits >> 46U) & 63U) + 1);
  return std::signbit(value) ? -bucket : bucket;
}

/// The sketch of DDSketch (Masson, Rim and Lee 2019) with buckets as above, so that a quantile is
/// within 1/128 of the true one; and with the collapse of UDDSketch (Epicoco et al. 2020): where
/// more than kBucketsMax buckets are filled, each two neighbours become one, which doubles the
/// error. What it holds depends on the numbers alone: not on their order, nor on how they were
/// divided over sketches that were merged.
class NumberSketch {
 public:
  static constexpr size_t kBucketsMax = 320;  ///< More than the 257 of the coarsest level.
  static constexpr int kLevelMax = 6;         ///< One bucket an octave: within a half.

  struct Bucket {
    int32_t key = 0;  ///< As number_bucket, counted in steps of 2^level buckets.
    uint64_t count = 0;
    bool operator==(const Bucket&) const = default;
  };

  /// Of numbers that were counted by number_bucket: `buckets` ascend, none is empty.
  [[nodiscard]] static NumberSketch of(std::vector<Bucket> buckets, double lowest, double highest,
                                       double sum);
  /// `value` must be finite.
  void add(double value);
  void merge(const NumberSketch& other);

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] double lowest() const { return lowest_; }    ///< Exact; 0 without numbers.
  [[nodiscard]] double highest() const { return highest_; }  ///< Exact; 0 without numbers.
  [[nodiscard]] double mean() const;                         ///< 0 without numbers.
  /// Of the number at place floor(share (n - 1)) in their order, about; 0 without numbers.
  /// `are_whole`: they are integers, and so is then every answer below 64 times 2^-level.
  [[nodiscard]] double quantile(double share, bool are_whole = false) const;
  /// By how much of itself an answer of `quantile` is off at most.
  [[nodiscard]] double relative_error() const;
  /// Buckets that have numbers, ascending.
  [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }
  [[nodiscard]] int level() const { return level_; }
  [[nodiscard]] double middle_of(int32_t key, bool are_whole = false) const;
  /// The key, at this sketch's level, of the bucket of a number.
  [[nodiscard]] int32_t key_of(double value) const;

  [[nodiscard]] nlohmann::ordered_json to_json() const;
  /// Errors: `damaged` naming `object` and what does not fit together.
  [[nodiscard]] static Result<NumberSketch> from_json(const nlohmann::ordered_json& json,
                                                      std::string_view object);

 private:
  /// Makes two neighbours one until there are few enough.
  void collapse_to(int level);
  void bound();

  std::vector<Bucket> buckets_;
  int level_ = 0;
  uint64_t count_ = 0;
  double lowest_ = 0;
  double highest_ = 0;
  double sum_ = 0;
};

}  // namespace millgate
