#include "model/measure/prediction_change.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "model/measure/row_means.h"

namespace millgate {

Result<MeasuredSlices> measure_change(const ChangedPredictions& rows,
                                      const std::vector<RowSlice>& slices,
                                      const MeasureOptions& options) {
  const double threshold = options.threshold;
  std::vector<std::pair<std::string, std::function<double(double, double)>>> measures = {
      {"prediction_rise_rate", [](double before, double after) { return after > before ? 1 : 0; }},
      {"prediction_fall_rate", [](double before, double after) { return after < before ? 1 : 0; }},
      {"prediction_change_mean",
       [](double before, double after) { return std::abs(after - before); }}};
  if (!options.regression) {
    measures.emplace_back("decision_flip_rate", [&](double before, double after) {
      return (before >= threshold) == (after >= threshold) ? 0 : 1;
    });
  }
  MeasuredSlices all;
  for (const auto& [metric, of_row] : measures) {
    std::vector<double> values(rows.before.size());
    for (size_t row = 0; row < values.size(); ++row) {
      values[row] = of_row(rows.before[row], rows.after[row]);
    }
    MILLGATE_ASSIGN(MeasuredSlices means, measure_row_means(values, metric, slices, options));
    all.unmeasured = std::move(means.unmeasured);
    for (Evidence& one : means.evidence) all.evidence.push_back(std::move(one));
  }
  for (const RowSlice& slice : slices) {
    if (std::ssize(slice.rows) < kGroupRowsMin) continue;
    double largest = 0;
    for (const uint32_t row : slice.rows) {
      largest = std::max(largest, std::abs(rows.after[row] - rows.before[row]));
    }
    all.evidence.push_back({.metric = "prediction_change_max",
                            .value = largest,
                            .slice = slice.name,
                            .row_count = std::ssize(slice.rows),
                            .data = options.data,
                            .inputs = options.inputs});
  }
  return all;
}

}  // namespace millgate
