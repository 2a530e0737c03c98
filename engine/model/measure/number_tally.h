/// Counts numbers for a NumberSketch in a few nanoseconds each.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "model/measure/number_sketch.h"

namespace millgate {

/// Buckets of level 0, an octave's 64 at a time: memory is allocated for the first number of an
/// octave and kept. One thread at a time.
class NumberTally {
 public:
  /// `value` must be finite.
  void add(double value) {
    if (count_++ == 0) lowest_ = highest_ = value;
    if (value < lowest_) lowest_ = value;
    if (value > highest_) highest_ = value;
    sum_ += value;
    const int32_t bucket = number_bucket(value);
    if (bucket == 0) {
      ++zeros_;
      return;
    }
    const bool is_negative = bucket < 0;
    const auto place = static_cast<uint32_t>((is_negative ? -bucket : bucket) - 1);
    auto& octave = octaves_[(is_negative ? kBucketOctaves : 0) + place / kBucketsPerOctave];
    if (octave == nullptr) octave = std::make_unique<Octave>();
    ++(*octave)[place % kBucketsPerOctave];
  }
  /// What was added since the last call.
  [[nodiscard]] NumberSketch take();

 private:
  using Octave = std::array<uint32_t, kBucketsPerOctave>;
  /// Of positive numbers, then of negative ones, by size.
  std::array<std::unique_ptr<Octave>, size_t{2} * kBucketOctaves> octaves_;
  uint64_t zeros_ = 0;
  uint64_t count_ = 0;
  double lowest_ = 0;
  double highest_ = 0;
  double sum_ = 0;
};

}  // namespace millgate
