#include "model/measure/number_tally.h"

#include <utility>
#include <vector>

namespace millgate {

NumberSketch NumberTally::take() {
  if (count_ == 0) return {};
  std::vector<NumberSketch::Bucket> buckets;
  // From the largest negative numbers on: they are the least.
  for (int octave = kBucketOctaves - 1; octave >= 0; --octave) {
    const auto& counts = octaves_[size_t{kBucketOctaves} + static_cast<size_t>(octave)];
    if (counts == nullptr) continue;
    for (int part = kBucketsPerOctave - 1; part >= 0; --part) {
      const uint32_t count = std::exchange((*counts)[static_cast<size_t>(part)], 0);
      if (count > 0) buckets.push_back({-(octave * kBucketsPerOctave + part + 1), count});
    }
  }
  if (zeros_ > 0) buckets.push_back({0, zeros_});
  for (int octave = 0; octave < kBucketOctaves; ++octave) {
    const auto& counts = octaves_[static_cast<size_t>(octave)];
    if (counts == nullptr) continue;
    for (int part = 0; part < kBucketsPerOctave; ++part) {
      const uint32_t count = std::exchange((*counts)[static_cast<size_t>(part)], 0);
      if (count > 0) buckets.push_back({octave * kBucketsPerOctave + part + 1, count});
    }
  }
  NumberSketch sketch = NumberSketch::of(std::move(buckets), lowest_, highest_, sum_);
  zeros_ = count_ = 0;
  sum_ = 0;
  return sketch;
}

}  // namespace millgate
