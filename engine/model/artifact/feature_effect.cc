#include "model/artifact/feature_effect.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "ground/random.h"

namespace millgate {
namespace {

/// Linear between order statistics; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Means of |contribution| over rows drawn `counts` times each.
std::vector<double> mean_absolutes(std::span<const double> contributions, size_t feature_count,
                                   const std::vector<uint32_t>& counts) {
  std::vector<double> sums(feature_count, 0.0);
  for (size_t row = 0; row < counts.size(); ++row) {
    if (counts[row] == 0) continue;
    const double times = counts[row];
    const double* const of_row = contributions.data() + row * feature_count;
    for (size_t i = 0; i < feature_count; ++i) sums[i] += times * std::abs(of_row[i]);
  }
  for (double& sum : sums) sum /= static_cast<double>(counts.size());
  return sums;
}

}  // namespace

std::vector<FeatureEffect> feature_effects(std::span<const double> contributions,
                                           size_t feature_count, uint64_t seed, int resamples) {
  std::vector<FeatureEffect> effects(feature_count);
  if (feature_count == 0 || contributions.empty()) return effects;
  assert(contributions.size() % feature_count == 0);
  const size_t rows = contributions.size() / feature_count;
  const std::vector<double> means =
      mean_absolutes(contributions, feature_count, std::vector<uint32_t>(rows, 1));
  std::vector<std::vector<double>> drawn(feature_count);
  for (int number = 0; number < resamples; ++number) {
    Random random = Random::stream(seed, "feature effects", static_cast<uint64_t>(number));
    std::vector<uint32_t> counts(rows, 0);
    for (size_t i = 0; i < rows; ++i) ++counts[random.below(rows)];
    const std::vector<double> one = mean_absolutes(contributions, feature_count, counts);
    for (size_t i = 0; i < feature_count; ++i) drawn[i].push_back(one[i]);
  }
  for (size_t i = 0; i < feature_count; ++i) {
    FeatureEffect& effect = effects[i];
    effect.mean_absolute = effect.lower = effect.upper = means[i];
    for (size_t row = 0; row < rows; ++row) effect.mean += contributions[row * feature_count + i];
    effect.mean /= static_cast<double>(rows);
    if (drawn[i].empty()) continue;
    std::sort(drawn[i].begin(), drawn[i].end());
    effect.lower = quantile(drawn[i], 0.025);
    effect.upper = quantile(drawn[i], 0.975);
  }
  return effects;
}

}  // namespace millgate
