#include "model/measure/resampled_metric.h"

#include <algorithm>
#include <string>

#include "ground/random.h"
#include "model/measure/metric.h"
#include "model/measure/ranked_rows.h"

namespace millgate {

namespace {

bool is_of_regression(size_t measure) { return measure >= static_cast<size_t>(Measure::rmse); }

double measured(const RankedRows& rows, std::span<const uint32_t> weights, size_t measure) {
  const WeightedRows range{.rows = rows, .begin = 0, .end = rows.size(), .weights = weights};
  return is_of_regression(measure) ? measure_regression(range)[measure]
                                   : measure_binary(range, {})[measure];
}

}  // namespace

Result<ResampledMetric> resample_metric(const Outcome& rows, std::string_view metric, int resamples,
                                        uint64_t seed) {
  const auto* name = std::find(kMeasureNames.begin(), kMeasureNames.end(), metric);
  const Metric* known = find_metric(metric);
  if (name == kMeasureNames.end() || known == nullptr || known->needs_threshold) {
    return invalid_input("`" + std::string(metric) + "` cannot be measured on resamples");
  }
  if (rows.label.empty() || rows.label.size() != rows.prediction.size()) {
    return invalid_input("there are " + std::to_string(rows.label.size()) + " labels and " +
                         std::to_string(rows.prediction.size()) + " predictions");
  }
  const auto measure = static_cast<size_t>(name - kMeasureNames.begin());
  const std::vector<uint32_t> order = rank_rows(rows);
  const RankedRows ranked = arrange(rows, order, is_of_regression(measure));
  const size_t count = order.size();
  std::vector<uint32_t> drawn(count), weights(count, 1);
  ResampledMetric found;
  found.value = measured(ranked, weights, measure);
  for (int resample = 0; resample < resamples; ++resample) {
    // Draws rows, not ranks, which other predictions would give to other rows.
    Random random = Random::stream(seed, "resampled metric", static_cast<uint64_t>(resample));
    std::fill(drawn.begin(), drawn.end(), 0U);
    for (size_t i = 0; i < count; ++i) ++drawn[random.below(count)];
    for (size_t i = 0; i < count; ++i) weights[i] = drawn[order[i]];
    found.in_bag.push_back(measured(ranked, weights, measure));
    for (size_t i = 0; i < count; ++i) weights[i] = drawn[order[i]] == 0 ? 1 : 0;
    found.out_of_bag.push_back(measured(ranked, weights, measure));
  }
  return found;
}

}  // namespace millgate
