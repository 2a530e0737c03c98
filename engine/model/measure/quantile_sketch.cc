#include "model/measure/quantile_sketch.h"

#include <algorithm>
#include <cmath>

namespace millgate {

void QuantileSketch::add(double value, uint64_t weight) {
  count_ += weight;
  for (size_t level = 0; weight > 0; ++level, weight >>= 1U) {
    if ((weight & 1U) != 0) add_at(level, value);
  }
}

void QuantileSketch::add_at(size_t level, double value) {
  while (levels_.size() <= level) {
    levels_.emplace_back();
    take_odd_.push_back(false);
  }
  levels_[level].push_back(value);
  if (levels_[level].size() >= kBufferSize) compact(level);
}

void QuantileSketch::compact(size_t level) {
  std::vector<double> full;
  full.swap(levels_[level]);
  std::sort(full.begin(), full.end());
  // Odd and even values take turns, so that errors cancel more often than they add up.
  const bool odd = take_odd_[level];
  take_odd_[level] = !odd;
  error_rows_ += std::ldexp(1.0, static_cast<int>(level));
  for (size_t i = odd ? 1 : 0; i < full.size(); i += 2) add_at(level + 1, full[i]);
}

void QuantileSketch::merge(const QuantileSketch& other) {
  count_ += other.count_;
  error_rows_ += other.error_rows_;
  for (size_t level = 0; level < other.levels_.size(); ++level) {
    for (const double value : other.levels_[level]) add_at(level, value);
  }
}

std::vector<QuantileSketch::Weighted> QuantileSketch::sorted() const {
  std::vector<Weighted> all;
  for (size_t level = 0; level < levels_.size(); ++level) {
    const double weight = std::ldexp(1.0, static_cast<int>(level));
    for (const double value : levels_[level]) all.push_back({value, weight});
  }
  std::sort(all.begin(), all.end(),
            [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  return all;
}

std::vector<double> QuantileSketch::quantiles(const std::vector<double>& shares) const {
  std::vector<double> answers;
  const std::vector<Weighted> all = sorted();
  if (all.empty()) return answers;
  size_t at = 0;
  double passed = all.front().weight;
  for (const double share : shares) {
    const double wanted = share * static_cast<double>(count_);
    while (passed < wanted && at + 1 < all.size()) passed += all[++at].weight;
    answers.push_back(all[at].value);
  }
  return answers;
}

std::vector<double> QuantileSketch::counts_at_most(const std::vector<double>& bounds) const {
  std::vector<double> answers;
  const std::vector<Weighted> all = sorted();
  size_t at = 0;
  double passed = 0;
  for (const double bound : bounds) {
    while (at < all.size() && all[at].value <= bound) passed += all[at++].weight;
    answers.push_back(passed);
  }
  return answers;
}

double QuantileSketch::rank_error() const {
  return count_ == 0 ? 0 : error_rows_ / static_cast<double>(count_);
}

}  // namespace millgate
