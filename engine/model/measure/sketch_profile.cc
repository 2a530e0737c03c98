#include "model/measure/sketch_profile.h"

#include <algorithm>
#include <cmath>

namespace millgate {

namespace {

/// Adds `count` values at `value`, which is larger than those before.
void add_step(double value, int64_t count, Profile& profile) {
  if (count == 0) return;
  const int64_t before = profile.at_most.empty() ? 0 : profile.at_most.back();
  profile.steps.push_back(value);
  profile.below.push_back(before);
  profile.at_most.push_back(before + count);
}

/// The steps [first, last) of `reference` get `count` values, by how many it has at and between
/// them.
void spread_over(const Profile& reference, size_t first, size_t last, int64_t count,
                 Profile& profile) {
  const int64_t begin = first == 0 ? 0 : reference.at_most[first - 1];
  const auto all = static_cast<double>(reference.at_most[last - 1] - begin);
  int64_t given = 0;
  for (size_t i = first; i < last; ++i) {
    const auto passed = static_cast<double>(reference.at_most[i] - begin);
    const int64_t wanted = std::llround(static_cast<double>(count) * passed / all);
    add_step(reference.steps[i], wanted - given, profile);
    given = wanted;
  }
}

}  // namespace

Profile sketched_profile(const NumberSketch& numbers, int64_t null_count,
                         const Profile& reference) {
  Profile profile;
  profile.name = reference.name;
  profile.null_count = null_count;
  profile.row_count = null_count + static_cast<int64_t>(numbers.count());
  profile.all_steps = true;
  if (numbers.count() == 0) return profile;
  size_t next = 0;  // The first step of the reference in no bucket yet.
  double squares = 0;
  for (const NumberSketch::Bucket& bucket : numbers.buckets()) {
    const auto count = static_cast<int64_t>(bucket.count);
    while (next < reference.steps.size() && numbers.key_of(reference.steps[next]) < bucket.key) {
      ++next;
    }
    const size_t first = next;
    while (next < reference.steps.size() && numbers.key_of(reference.steps[next]) == bucket.key) {
      ++next;
    }
    const double middle =
        std::clamp(numbers.middle_of(bucket.key), numbers.lowest(), numbers.highest());
    if (first < next) {
      spread_over(reference, first, next, count, profile);
    } else {
      add_step(middle, count, profile);
    }
    squares += static_cast<double>(count) * (middle - numbers.mean()) * (middle - numbers.mean());
  }
  profile.mean = numbers.mean();
  if (numbers.count() > 1) {
    profile.standard_deviation = std::sqrt(squares / static_cast<double>(numbers.count() - 1));
  }
  profile.quantiles.reserve(101);
  for (int percent = 0; percent <= 100; ++percent) {
    profile.quantiles.push_back(percent == 0     ? numbers.lowest()
                                : percent == 100 ? numbers.highest()
                                                 : numbers.quantile(percent / 100.0));
  }
  return profile;
}

Profile sketched_profile(const CategorySketch& categories, int64_t null_count,
                         const Profile& reference) {
  Profile profile;
  profile.name = reference.name;
  profile.is_category = true;
  profile.null_count = null_count;
  profile.row_count = null_count + static_cast<int64_t>(categories.count());
  for (const auto* counts : {&categories.listed, &categories.unlisted}) {
    for (const auto& [name, count] : *counts) profile.counts[name] += static_cast<int64_t>(count);
  }
  profile.other_count = static_cast<int64_t>(categories.other);
  return profile;
}

}  // namespace millgate
