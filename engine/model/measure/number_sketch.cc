#include "model/measure/number_sketch.h"

#include <algorithm>

#include "ground/json.h"

namespace millgate {

namespace {

/// Buckets of level `to` are 2^(to - from) of level `from`.
int32_t coarser_key(int32_t key, int levels) {
  if (key == 0) return 0;
  const int32_t coarse = ((std::abs(key) - 1) >> levels) + 1;
  return key < 0 ? -coarse : coarse;
}

/// Where bucket `number` (from 0 on, of level 0) of the positive ones begins.
double begin_of(int64_t number) {
  const auto octave = static_cast<int>(number / kBucketsPerOctave);
  const auto part = static_cast<double>(number % kBucketsPerOctave) / kBucketsPerOctave;
  return std::ldexp(1 + part, octave - kBucketOctaves / 2);
}

}  // namespace

NumberSketch NumberSketch::of(std::vector<Bucket> buckets, double lowest, double highest,
                              double sum) {
  NumberSketch sketch;
  sketch.buckets_ = std::move(buckets);
  for (const Bucket& bucket : sketch.buckets_) sketch.count_ += bucket.count;
  sketch.lowest_ = lowest;
  sketch.highest_ = highest;
  sketch.sum_ = sum;
  sketch.bound();
  return sketch;
}

void NumberSketch::add(double value) {
  merge(of({{number_bucket(value), 1}}, value, value, value));
}

void NumberSketch::collapse_to(int level) {
  std::vector<Bucket> coarse;
  coarse.reserve(buckets_.size());
  for (const Bucket& bucket : buckets_) {
    const int32_t key = coarser_key(bucket.key, level - level_);
    if (!coarse.empty() && coarse.back().key == key) {
      coarse.back().count += bucket.count;
    } else {
      coarse.push_back({key, bucket.count});
    }
  }
  level_ = level;
  buckets_ = std::move(coarse);
}

void NumberSketch::bound() {
  while (buckets_.size() > kBucketsMax) collapse_to(level_ + 1);
}

void NumberSketch::merge(const NumberSketch& other) {
  if (other.count_ == 0) return;
  if (level_ < other.level_) collapse_to(other.level_);
  std::vector<Bucket> all;
  all.reserve(buckets_.size() + other.buckets_.size());
  auto mine = buckets_.begin();
  for (const Bucket& bucket : other.buckets_) {
    const int32_t key = coarser_key(bucket.key, level_ - other.level_);
    while (mine != buckets_.end() && mine->key <= key) all.push_back(*mine++);
    if (!all.empty() && all.back().key == key) {
      all.back().count += bucket.count;
    } else {
      all.push_back({key, bucket.count});
    }
  }
  all.insert(all.end(), mine, buckets_.end());
  buckets_ = std::move(all);
  lowest_ = count_ == 0 ? other.lowest_ : std::min(lowest_, other.lowest_);
  highest_ = count_ == 0 ? other.highest_ : std::max(highest_, other.highest_);
  sum_ += other.sum_;
  count_ += other.count_;
  bound();
}

double NumberSketch::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

double NumberSketch::quantile(double share, bool are_whole) const {
  if (count_ == 0) return 0;
  const auto place = static_cast<uint64_t>(share * static_cast<double>(count_ - 1));
  uint64_t passed = 0;
  for (const Bucket& bucket : buckets_) {
    passed += bucket.count;
    if (passed > place) {
      return std::clamp(middle_of(bucket.key, are_whole), lowest_, highest_);
    }
  }
  return highest_;
}

double NumberSketch::relative_error() const { return std::ldexp(1.0 / 128, level_); }

/// Of what may be in the bucket, where that is whole numbers only.
double NumberSketch::middle_of(int32_t key, bool are_whole) const {
  if (key == 0) return 0;
  const int64_t first = static_cast<int64_t>(std::abs(key) - 1) << level_;
  const double begin = begin_of(first);
  const double width = begin_of(first + (int64_t{1} << level_)) - begin;
  double middle = begin + width / 2;
  if (are_whole) middle = width <= 1 ? std::ceil(begin) : begin + std::floor((width - 1) / 2);
  return key < 0 ? -middle : middle;
}

int32_t NumberSketch::key_of(double value) const {
  return coarser_key(number_bucket(value), level_);
}

Json NumberSketch::to_json() const {
  Json flat = Json::array();
  for (const Bucket& bucket : buckets_) {
    flat.push_back(bucket.key);
    flat.push_back(bucket.count);
  }
  return {{"level", level_},
          {"lowest", lowest_},
          {"highest", highest_},
          {"sum", sum_},
          {"buckets", std::move(flat)}};
}

Result<NumberSketch> NumberSketch::from_json(const Json& json, std::string_view object) {
  NumberSketch sketch;
  MILLGATE_ASSIGN(sketch.level_, json_member<int>(json, "level", object));
  MILLGATE_ASSIGN(sketch.lowest_, json_member<double>(json, "lowest", object));
  MILLGATE_ASSIGN(sketch.highest_, json_member<double>(json, "highest", object));
  MILLGATE_ASSIGN(sketch.sum_, json_member<double>(json, "sum", object));
  MILLGATE_ASSIGN(const auto flat, json_member<std::vector<int64_t>>(json, "buckets", object));
  const std::string wrong = std::string(object) + ": its buckets ";
  if (sketch.level_ < 0 || sketch.level_ > kLevelMax) return damaged(wrong + "have no such level");
  if (flat.size() % 2 != 0 || flat.size() > 2 * kBucketsMax) {
    return damaged(wrong + "are no pairs of key and count, or too many");
  }
  const int64_t last = (kBucketOctaves * kBucketsPerOctave) >> sketch.level_;
  sketch.buckets_.reserve(flat.size() / 2);
  for (size_t i = 0; i < flat.size(); i += 2) {
    const bool ascends = i == 0 || flat[i - 2] < flat[i];
    if (!ascends || std::abs(flat[i]) > last || flat[i + 1] < 1) {
      return damaged(wrong + "do not ascend, or are empty");
    }
    sketch.buckets_.push_back({static_cast<int32_t>(flat[i]), static_cast<uint64_t>(flat[i + 1])});
    sketch.count_ += static_cast<uint64_t>(flat[i + 1]);
  }
  return sketch;
}

}  // namespace millgate
