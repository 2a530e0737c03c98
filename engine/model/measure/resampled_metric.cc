#include "model/measure/resampled_metric.h"

#include <algorithm>
#include <string>

#include "ground/random.h"
#include "model/measure/class_measures.h"
#include "model/measure/metric.h"
#include "model/measure/ranked_rows.h"
#include "model/measure/ranking_measures.h"

namespace millgate {

namespace {

bool is_of_regression(size_t measure) {
  MeasureOptions regression;
  regression.regression = true;
  return is_of_task(static_cast<Measure>(measure), regression);
}

bool is_of_ranking(size_t measure) { return measure >= static_cast<size_t>(Measure::ndcg); }

double measured(const RankedRows& rows, std::span<const uint32_t> weights, size_t measure) {
  const WeightedRows range{.rows = rows, .begin = 0, .end = rows.size(), .weights = weights};
  return is_of_regression(measure) ? measure_regression(range)[measure]
                                   : measure_binary(range, {})[measure];
}

/// How often each row is drawn for a resample. Draws rows, not ranks, which other predictions would
/// give to other rows.
void draw(uint64_t seed, int resample, std::vector<uint32_t>& drawn) {
  Random random = Random::stream(seed, "resampled metric", static_cast<uint64_t>(resample));
  std::fill(drawn.begin(), drawn.end(), 0U);
  for (size_t i = 0; i < drawn.size(); ++i) ++drawn[random.below(drawn.size())];
}

/// Of a metric that is the mean of a number of each row.
ResampledMetric resample_mean(const std::vector<double>& values, int resamples, uint64_t seed) {
  const auto mean = [&](const auto& weight_of) {
    double sum = 0, count = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      sum += weight_of(i) * values[i];
      count += weight_of(i);
    }
    return sum / count;
  };
  std::vector<uint32_t> drawn(values.size());
  ResampledMetric found;
  found.value = mean([](size_t) { return 1.0; });
  for (int resample = 0; resample < resamples; ++resample) {
    draw(seed, resample, drawn);
    found.in_bag.push_back(mean([&](size_t i) { return static_cast<double>(drawn[i]); }));
    found.out_of_bag.push_back(mean([&](size_t i) { return drawn[i] == 0 ? 1.0 : 0.0; }));
  }
  return found;
}

}  // namespace

bool can_be_resampled(std::string_view metric) {
  const auto* name = std::find(kMeasureNames.begin(), kMeasureNames.end(), metric);
  if (name == kMeasureNames.end() || find_metric(metric)->needs_threshold) return false;
  const auto measure = static_cast<size_t>(name - kMeasureNames.begin());
  return is_of_regression(measure) || is_of_ranking(measure) ||
         is_of_task(static_cast<Measure>(measure), {});
}

Result<ResampledMetric> resample_metric(const Outcome& rows, std::string_view metric, int resamples,
                                        uint64_t seed, size_t class_count) {
  if (!can_be_resampled(metric)) {
    return invalid_input("`" + std::string(metric) + "` cannot be measured on resamples");
  }
  const size_t width = std::max<size_t>(class_count, 1);
  if (rows.label.empty() || rows.label.size() * width != rows.prediction.size()) {
    return invalid_input("there are " + std::to_string(rows.label.size()) + " labels and " +
                         std::to_string(rows.prediction.size()) + " predictions");
  }
  if (class_count > 0) {
    if (metric == "log_loss")
      return resample_mean(class_losses(rows, class_count), resamples, seed);
    if (metric == "brier") return resample_mean(class_squares(rows, class_count), resamples, seed);
    return invalid_input("`" + std::string(metric) +
                         "` of classes cannot be measured on resamples");
  }
  const auto* name = std::find(kMeasureNames.begin(), kMeasureNames.end(), metric);
  const auto measure = static_cast<size_t>(name - kMeasureNames.begin());
  if (is_of_ranking(measure)) {
    if (rows.query.size() != rows.label.size()) {
      return invalid_input("`" + std::string(metric) + "` is of rows that are ranked in queries");
    }
    return resample_mean(query_values(rows, static_cast<Measure>(measure)), resamples, seed);
  }
  const std::vector<uint32_t> order = rank_rows(rows);
  const RankedRows ranked = arrange(rows, order, is_of_regression(measure));
  const size_t count = order.size();
  std::vector<uint32_t> drawn(count), weights(count, 1);
  ResampledMetric found;
  found.value = measured(ranked, weights, measure);
  for (int resample = 0; resample < resamples; ++resample) {
    draw(seed, resample, drawn);
    for (size_t i = 0; i < count; ++i) weights[i] = drawn[order[i]];
    found.in_bag.push_back(measured(ranked, weights, measure));
    for (size_t i = 0; i < count; ++i) weights[i] = drawn[order[i]] == 0 ? 1 : 0;
    found.out_of_bag.push_back(measured(ranked, weights, measure));
  }
  return found;
}

}  // namespace millgate
