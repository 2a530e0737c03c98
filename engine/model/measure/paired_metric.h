/// How much worse some predictions are than others for the same rows, by one metric.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"

namespace millgate {

/// How much worse than the base: positive is worse, whichever way the metric points.
struct MetricLoss {
  double value = 0;  ///< Mean over the predictions that were compared.
  /// 95 % interval; nothing where a resample in ten or more is undefined.
  std::optional<double> lower = {}, upper = {};
  std::vector<double> each = {};  ///< One of each vector of predictions.

  /// Standard deviation of `each` (dividing by their number, as scikit-learn).
  [[nodiscard]] double deviation() const;
  [[nodiscard]] bool is_above_zero() const { return lower && *lower > 0; }
  [[nodiscard]] bool is_below_zero() const { return upper && *upper < 0; }
};

struct PairedMetricOptions {
  std::string metric = "log_loss";  ///< auc, log_loss, brier (binary); rmse, mae, r2.
  bool regression = false;
  int resamples = 200;
  uint64_t seed = 1;
};

/// Rows with base predictions, against which others are held. Immutable; thread-safe.
class PairedMetric {
 public:
  /// Copies the rows. Errors: `invalid_input` for a metric that is none of the task (`metric` names
  /// the nearest), no rows, lengths that differ, and where the metric is undefined (one class).
  [[nodiscard]] static Result<PairedMetric> make(const Outcome& base,
                                                 const PairedMetricOptions& options);

  [[nodiscard]] double value() const { return value_; }  ///< Of the base.
  [[nodiscard]] bool higher_is_better() const { return sign_ > 0; }

  /// The loss of `others`, each one prediction a row. The interval is a percentile bootstrap over
  /// rows, paired: base and others are measured on the same drawn rows, and so are two calls. With
  /// several others (repeats of a permutation) each resample also draws which of them it averages,
  /// so that the interval holds the chance of both. Uses the threads of the machine; the same
  /// numbers on any number of them.
  [[nodiscard]] MetricLoss loss(std::span<const std::vector<double>> others) const;
  /// That of one.
  [[nodiscard]] MetricLoss loss_of(const std::vector<double>& other) const {
    return loss(std::span(&other, 1));
  }

 private:
  PairedMetric() = default;
  [[nodiscard]] double measured(std::span<const double> prediction) const;

  PairedMetricOptions options_;
  size_t metric_ = 0;  ///< Its place among the measures of ranked_rows.h.
  double sign_ = 1;    ///< -1 where less is better.
  double value_ = 0;
  std::vector<double> label_;
  std::vector<std::vector<uint32_t>> draws_;  ///< How often each row counts, one a resample.
  std::vector<double> base_;                  ///< Of the base, one a resample.
};

}  // namespace millgate
