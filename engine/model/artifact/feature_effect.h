/// How much each feature moves the scores of many rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millgate {

/// Of one feature over rows, in the unit of the contributions.
struct FeatureEffect {
  double mean_absolute = 0;  ///< Mean of |contribution|: its importance on these rows.
  double lower = 0;          ///< 95 % bootstrap interval of `mean_absolute` over whole rows:
  double upper = 0;          ///< 2.5 % and 97.5 % quantiles, linear between order statistics.
  double mean = 0;           ///< Mean contribution: which way it moves these rows.
};

/// One effect a feature, from row-major `contributions` with `feature_count` columns. Every
/// resample draws as many rows as there are, the same rows for all features. Same seed, same
/// numbers. No rows: all zero.
[[nodiscard]] std::vector<FeatureEffect> feature_effects(std::span<const double> contributions,
                                                         size_t feature_count, uint64_t seed,
                                                         int resamples = 200);

}  // namespace millgate
