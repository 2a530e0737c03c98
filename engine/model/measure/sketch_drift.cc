#include "model/measure/sketch_drift.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/measure/bin_counts.h"

namespace millgate {

namespace {

/// How many values of `profile` are below `bound`, or at most it.
double values_to(const Profile& profile, double bound, bool with_bound) {
  const auto next = std::lower_bound(profile.steps.begin(), profile.steps.end(), bound);
  const auto i = static_cast<size_t>(next - profile.steps.begin());
  if (i == profile.steps.size()) return static_cast<double>(profile.value_count());
  if (*next == bound) {
    return static_cast<double>(with_bound ? profile.at_most[i] : profile.below[i]);
  }
  if (i == 0) return 0;
  const auto before = static_cast<double>(profile.at_most[i - 1]);
  const double share = (bound - profile.steps[i - 1]) / (*next - profile.steps[i - 1]);
  return before + share * (static_cast<double>(profile.below[i]) - before);
}

/// The same of a sketch, up to the end of bucket `key`.
uint64_t values_to(const NumberSketch& sketch, int32_t key) {
  uint64_t count = 0;
  for (const NumberSketch::Bucket& bucket : sketch.buckets()) {
    if (bucket.key > key) break;
    count += bucket.count;
  }
  return count;
}

}  // namespace

SketchDrift drift_between(const Profile& reference, const NumberSketch& current) {
  SketchDrift drift;
  if (reference.value_count() == 0 || current.count() == 0) return drift;
  const auto reference_count = static_cast<double>(reference.value_count());
  const auto current_count = static_cast<double>(current.count());
  const auto reference_to = [&](int32_t key) {
    // Buckets of negative numbers hold their end.
    return values_to(reference, current.end_of(key), key < 0);
  };

  std::vector<int32_t> keys;
  for (size_t decile = 10; decile < 100; decile += 10) {
    const int32_t key = current.key_of(reference.quantiles[decile]);
    if (keys.empty() || keys.back() != key) keys.push_back(key);
  }
  BinCounts bins;
  double reference_before = 0;
  double current_before = 0;
  for (const int32_t key : keys) {
    const double reference_now = reference_to(key);
    const auto current_now = static_cast<double>(values_to(current, key));
    bins.reference.push_back(reference_now - reference_before);
    bins.current.push_back(current_now - current_before);
    reference_before = reference_now;
    current_before = current_now;
  }
  bins.reference.push_back(reference_count - reference_before);
  bins.current.push_back(current_count - current_before);
  drift.psi = population_stability_index(bins);

  // Within a stretch without numbers of the sketch, the profile's function is largest at its end.
  uint64_t passed = 0;
  for (const NumberSketch::Bucket& bucket : current.buckets()) {
    const auto check = [&](int32_t key) {
      const double difference = std::abs(reference_to(key) / reference_count -
                                         static_cast<double>(passed) / current_count);
      drift.ks = std::max(drift.ks, difference);
    };
    check(bucket.key - 1);
    passed += bucket.count;
    check(bucket.key);
  }
  return drift;
}

SketchDrift drift_between(const Profile& reference, const CategorySketch& current) {
  SketchDrift drift;
  if (reference.value_count() == 0 || current.count() == 0) return drift;
  BinCounts bins;
  double others = static_cast<double>(reference.value_count());
  for (const std::string& name : listed_categories(reference)) {
    const auto count = static_cast<double>(reference.counts.at(name));
    const auto found = current.listed.find(name);
    bins.reference.push_back(count);
    bins.current.push_back(
        found == current.listed.end() ? 0 : static_cast<double>(found->second));
    others -= count;
  }
  bins.reference.push_back(others);
  bins.current.push_back(static_cast<double>(current.unlisted_count()));
  drift.psi = population_stability_index(bins);
  drift.ks = total_variation(bins);
  return drift;
}

}  // namespace millgate
