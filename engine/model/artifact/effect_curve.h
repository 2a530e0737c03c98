/// How the prediction moves with one feature over its range, and whether two work together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace millgate {

/// Predictions of row-major rows.
using PredictRows = std::function<void(std::span<const double> rows, std::span<double> out)>;

/// Rows of features, and the model that is asked about them.
struct EffectQuestion {
  PredictRows predict;
  std::span<const double> rows;  ///< Row-major; NaN: missing.
  size_t width = 0;              ///< Features a row.
  [[nodiscard]] size_t row_count() const { return width == 0 ? 0 : rows.size() / width; }
};

/// Distinct values at `parts` + 1 equally spaced quantiles of the feature's values that are not
/// missing, ascending; fewer where values repeat; empty without any.
[[nodiscard]] std::vector<double> quantile_grid(const EffectQuestion& question, size_t feature,
                                                size_t parts);

/// Friedman's partial dependence: at each of `grid` the mean prediction of all rows if they had
/// that value of the feature. Tells what the model says of rows that may never be: where features
/// go together, look at the local effects.
[[nodiscard]] std::vector<double> partial_dependence(const EffectQuestion& question, size_t feature,
                                                     std::span<const double> grid);

/// Accumulated local effects (Apley and Zhu 2020) at each of `grid`, which has two values or more:
/// rows between neighbours of the grid are moved to both, the mean differences are added up, and
/// the curve is shifted so that its mean over the rows is 0. Rows whose value is missing or outside
/// of the grid do not count. All 0 where no row counts.
[[nodiscard]] std::vector<double> accumulated_local_effects(const EffectQuestion& question,
                                                            size_t feature,
                                                            std::span<const double> grid);

/// Friedman and Popescu's H (2008) of two features: the share, as the root of a ratio of squares,
/// of their common partial dependence that is not the sum of those of each: 0 without interaction,
/// 1 where there is nothing else. Costs the square of the rows in predictions. NaN where the two do
/// not matter at all.
[[nodiscard]] double interaction_strength(const EffectQuestion& question, size_t first,
                                          size_t second);

}  // namespace millgate
