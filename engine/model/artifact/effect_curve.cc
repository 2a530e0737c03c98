#include "model/artifact/effect_curve.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace millgate {
namespace {

/// A value that a feature is set to.
struct Setting {
  size_t feature;
  double value;
};

/// Mean prediction of all rows with these settings. `changed` is the caller's buffer.
double mean_with(const EffectQuestion& question, std::initializer_list<Setting> settings,
                 std::vector<double>& changed) {
  changed.assign(question.rows.begin(), question.rows.end());
  for (const Setting& setting : settings) {
    for (size_t row = 0; row < question.row_count(); ++row) {
      changed[row * question.width + setting.feature] = setting.value;
    }
  }
  std::vector<double> told(question.row_count());
  question.predict(changed, told);
  return std::accumulate(told.begin(), told.end(), 0.0) / static_cast<double>(told.size());
}

double value_of(const EffectQuestion& question, size_t row, size_t feature) {
  return question.rows[row * question.width + feature];
}

/// Predictions of `chosen` rows with the feature set to `value`.
std::vector<double> told_at(const EffectQuestion& question, const std::vector<size_t>& chosen,
                            const Setting& setting) {
  std::vector<double> rows;
  rows.reserve(chosen.size() * question.width);
  for (const size_t row : chosen) {
    const auto of_row = question.rows.subspan(row * question.width, question.width);
    rows.insert(rows.end(), of_row.begin(), of_row.end());
    rows[rows.size() - question.width + setting.feature] = setting.value;
  }
  std::vector<double> told(chosen.size());
  question.predict(rows, told);
  return told;
}

/// Rows by the part of the grid that they lie in; the first part has its lower end, too.
std::vector<std::vector<size_t>> rows_by_part(const EffectQuestion& question, size_t feature,
                                              std::span<const double> grid) {
  std::vector<std::vector<size_t>> parts(grid.size() - 1);
  for (size_t row = 0; row < question.row_count(); ++row) {
    const double value = value_of(question, row, feature);
    if (!(value >= grid.front() && value <= grid.back())) continue;  // Also NaN.
    const auto upper = std::lower_bound(grid.begin() + 1, grid.end(), value);
    parts[static_cast<size_t>(upper - grid.begin()) - 1].push_back(row);
  }
  return parts;
}

/// Partial dependence at the own value of every row, less its mean.
template <typename AtRow>
std::vector<double> centred(size_t count, const AtRow& at_row) {
  std::vector<double> values(count);
  for (size_t row = 0; row < count; ++row) values[row] = at_row(row);
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(count);
  for (double& value : values) value -= mean;
  return values;
}

}  // namespace

std::vector<double> quantile_grid(const EffectQuestion& question, size_t feature, size_t parts) {
  std::vector<double> values;
  for (size_t row = 0; row < question.row_count(); ++row) {
    const double value = value_of(question, row, feature);
    if (std::isfinite(value)) values.push_back(value);
  }
  std::vector<double> grid;
  if (values.empty()) return grid;
  std::sort(values.begin(), values.end());
  for (size_t part = 0; part <= parts; ++part) {
    // A value that is there, so that flags and counts keep to what they can be.
    const double place = static_cast<double>(part) / static_cast<double>(parts) *
                         static_cast<double>(values.size() - 1);
    const double value = values[static_cast<size_t>(std::lround(place))];
    if (grid.empty() || value > grid.back()) grid.push_back(value);
  }
  return grid;
}

std::vector<double> partial_dependence(const EffectQuestion& question, size_t feature,
                                       std::span<const double> grid) {
  std::vector<double> changed;
  std::vector<double> curve;
  curve.reserve(grid.size());
  for (const double value : grid) {
    curve.push_back(mean_with(question, {{feature, value}}, changed));
  }
  return curve;
}

std::vector<double> accumulated_local_effects(const EffectQuestion& question, size_t feature,
                                              std::span<const double> grid) {
  assert(grid.size() >= 2);
  const auto parts = rows_by_part(question, feature, grid);
  std::vector<double> curve(grid.size(), 0.0);
  double middle = 0;  // Sum over rows of the curve at the middle of their part.
  size_t counted = 0;
  for (size_t part = 0; part < parts.size(); ++part) {
    double effect = 0;
    const std::vector<size_t>& rows = parts[part];
    if (!rows.empty()) {
      const std::vector<double> low = told_at(question, rows, {feature, grid[part]});
      const std::vector<double> high = told_at(question, rows, {feature, grid[part + 1]});
      for (size_t i = 0; i < rows.size(); ++i) effect += high[i] - low[i];
      effect /= static_cast<double>(rows.size());
    }
    curve[part + 1] = curve[part] + effect;
    middle += static_cast<double>(rows.size()) * (curve[part] + curve[part + 1]) / 2;
    counted += rows.size();
  }
  if (counted == 0) return curve;
  for (double& value : curve) value -= middle / static_cast<double>(counted);
  return curve;
}

double interaction_strength(const EffectQuestion& question, size_t first, size_t second) {
  const size_t count = question.row_count();
  std::vector<double> changed;
  const auto own = [&](size_t row, size_t feature) {
    return Setting{feature, value_of(question, row, feature)};
  };
  const auto one =
      centred(count, [&](size_t row) { return mean_with(question, {own(row, first)}, changed); });
  const auto other =
      centred(count, [&](size_t row) { return mean_with(question, {own(row, second)}, changed); });
  const auto both = centred(count, [&](size_t row) {
    return mean_with(question, {own(row, first), own(row, second)}, changed);
  });
  double together = 0;
  double whole = 0;
  for (size_t row = 0; row < count; ++row) {
    const double rest = both[row] - one[row] - other[row];
    together += rest * rest;
    whole += both[row] * both[row];
  }
  return std::sqrt(together / whole);
}

}  // namespace millgate
