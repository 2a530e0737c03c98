#include "model/measure/paired_metric.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <thread>

#include "ground/nearest_name.h"
#include "ground/random.h"
#include "model/measure/metric.h"
#include "model/measure/ranked_rows.h"

namespace millgate {

namespace {

constexpr std::array kBinaryMetrics = {Measure::log_loss, Measure::auc, Measure::brier};
constexpr std::array kRegressionMetrics = {Measure::rmse, Measure::mae, Measure::r2};

Result<size_t> place_of(const PairedMetricOptions& options) {
  std::vector<std::string> names;
  for (const Measure measure : options.regression ? kRegressionMetrics : kBinaryMetrics) {
    const auto place = static_cast<size_t>(measure);
    if (options.metric == kMeasureNames[place]) return place;
    names.emplace_back(kMeasureNames[place]);
  }
  return invalid_input("predictions are not compared by `" + options.metric + "`",
                       name_hint(options.metric, names));
}

/// Rows arranged by one prediction, to be measured again and again with other weights.
class Arranged {
 public:
  Arranged(const Outcome& rows, bool regression)
      : order_(rank_rows(rows)),
        rows_(arrange(rows, order_, regression)),
        regression_(regression) {}

  /// `weights`: how often each row counts, by its number. `gathered` is room to work in.
  double measure(size_t metric, std::span<const uint32_t> weights,
                 std::vector<uint32_t>& gathered) const {
    gathered.resize(order_.size());
    for (size_t i = 0; i < order_.size(); ++i) gathered[i] = weights[order_[i]];
    const WeightedRows range{rows_, 0, order_.size(), gathered};
    return regression_ ? measure_regression(range)[metric]
                       : measure_binary(range, MeasureOptions{})[metric];
  }

 private:
  std::vector<uint32_t> order_;
  RankedRows rows_;
  bool regression_;
};

/// One value a resample, on the threads of the machine.
std::vector<double> resampled(const Outcome& rows, const PairedMetricOptions& options,
                              size_t metric, const std::vector<std::vector<uint32_t>>& draws) {
  const Arranged arranged(rows, options.regression);
  std::vector<double> values(draws.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    std::vector<uint32_t> gathered;
    for (size_t r = next++; r < draws.size(); r = next++) {
      values[r] = arranged.measure(metric, draws[r], gathered);
    }
  };
  constexpr size_t kWorthAThread = 100'000;
  std::vector<std::jthread> helpers;
  if (rows.label.size() * draws.size() > kWorthAThread) {
    for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) helpers.emplace_back(work);
  }
  work();
  helpers.clear();
  return values;
}

void set_interval(std::vector<double> losses, MetricLoss& loss) {
  const size_t all = losses.size();
  std::erase_if(losses, [](double one) { return std::isnan(one); });
  if (all == 0 || (all - losses.size()) * 10 >= all) return;
  std::sort(losses.begin(), losses.end());
  const auto quantile = [&](double share) {
    const double place = share * static_cast<double>(losses.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, losses.size() - 1);
    return std::lerp(losses[below], losses[above], place - std::floor(place));
  };
  loss.lower = quantile(0.025);
  loss.upper = quantile(0.975);
}

}  // namespace

double MetricLoss::deviation() const {
  if (each.empty()) return 0;
  double sum = 0;
  for (const double one : each) sum += (one - value) * (one - value);
  return std::sqrt(sum / static_cast<double>(each.size()));
}

Result<PairedMetric> PairedMetric::make(const Outcome& base, const PairedMetricOptions& options) {
  PairedMetric made;
  made.options_ = options;
  MILLGATE_ASSIGN(made.metric_, place_of(options));
  const size_t count = base.label.size();
  if (count == 0 || base.prediction.size() != count) {
    return invalid_input("comparing predictions: " + std::to_string(count) + " labels and " +
                         std::to_string(base.prediction.size()) + " predictions");
  }
  made.sign_ = find_metric(options.metric)->higher_is_better ? 1 : -1;
  made.label_.assign(base.label.begin(), base.label.end());
  made.value_ = made.measured(base.prediction);
  if (std::isnan(made.value_)) {
    return invalid_input(options.metric + " of " + std::to_string(count) +
                             " rows is undefined: their labels are all the same",
                         "hold out more rows");
  }
  for (int r = 0; r < options.resamples; ++r) {
    Random random = Random::stream(options.seed, "paired", static_cast<uint64_t>(r));
    std::vector<uint32_t> weights(count);
    for (size_t i = 0; i < count; ++i) ++weights[random.below(count)];
    made.draws_.push_back(std::move(weights));
  }
  made.base_ = resampled(base, options, made.metric_, made.draws_);
  return made;
}

double PairedMetric::measured(std::span<const double> prediction) const {
  const Arranged arranged({.label = label_, .prediction = prediction}, options_.regression);
  std::vector<uint32_t> gathered;
  return arranged.measure(metric_, std::vector<uint32_t>(label_.size(), 1), gathered);
}

MetricLoss PairedMetric::loss(std::span<const std::vector<double>> others) const {
  MetricLoss loss;
  std::vector<std::vector<double>> of_resamples;
  for (const std::vector<double>& other : others) {
    loss.each.push_back(sign_ * (value_ - measured(other)));
    loss.value += loss.each.back() / static_cast<double>(others.size());
    of_resamples.push_back(
        resampled({.label = label_, .prediction = other}, options_, metric_, draws_));
  }
  std::vector<double> losses(draws_.size());
  for (size_t r = 0; r < draws_.size(); ++r) {
    Random random = Random::stream(options_.seed, "repeats", r);
    for (size_t i = 0; i < others.size(); ++i) {
      const size_t drawn = random.below(others.size());
      losses[r] += sign_ * (base_[r] - of_resamples[drawn][r]) / static_cast<double>(others.size());
    }
  }
  set_interval(std::move(losses), loss);
  return loss;
}

}  // namespace millgate
