/// Rows in ascending order of prediction, and what is measured of them with a weight each.
/// Inside the room: callers use quality.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/measure/quality.h"

namespace millgate {

/// The metrics of one group of rows; the order of `kMeasureNames`.
enum class Measure : size_t {
  auc,
  log_loss,
  brier,
  calibration_error,
  accuracy,
  precision,
  recall,
  false_positive_rate,
  positive_rate,
  utility,
  average_precision,
  calibration_bias,
  log_loss_skill,
  f1,
  balanced_accuracy,
  matthews,
  kappa,
  false_negative_rate,
  negative_predictive_value,
  jaccard,
  rmse,
  mae,
  r2,
  macro_auc,
  macro_f1,
  top_2_accuracy,
  top_3_accuracy,
  macro_calibration_error,
  // Of rankings, from here on.
  ndcg,
  ndcg_5,
  ndcg_10,
  map,
  map_10,
  mrr,
  precision_5,
  precision_10,
  recall_5,
  recall_10,
  hit_rate_1,
  hit_rate_5,
  hit_rate_10,
};
inline constexpr std::array kMeasureNames = {"auc",
                                             "log_loss",
                                             "brier",
                                             "calibration_error",
                                             "accuracy",
                                             "precision",
                                             "recall",
                                             "false_positive_rate",
                                             "positive_rate",
                                             "utility",
                                             "average_precision",
                                             "calibration_bias",
                                             "log_loss_skill",
                                             "f1",
                                             "balanced_accuracy",
                                             "matthews",
                                             "kappa",
                                             "false_negative_rate",
                                             "negative_predictive_value",
                                             "jaccard",
                                             "rmse",
                                             "mae",
                                             "r2",
                                             "macro_auc",
                                             "macro_f1",
                                             "top_2_accuracy",
                                             "top_3_accuracy",
                                             "macro_calibration_error",
                                             "ndcg",
                                             "ndcg_5",
                                             "ndcg_10",
                                             "map",
                                             "map_10",
                                             "mrr",
                                             "precision_5",
                                             "precision_10",
                                             "recall_5",
                                             "recall_10",
                                             "hit_rate_1",
                                             "hit_rate_5",
                                             "hit_rate_10"};
inline constexpr size_t kMeasureCount = kMeasureNames.size();
/// Whether it is measured of the kind of task that `options` are for.
[[nodiscard]] bool is_of_task(Measure measure, const MeasureOptions& options);
inline constexpr int kCalibrationBins = 10;

/// One value a metric; NaN where it is undefined.
using Measures = std::array<double, kMeasureCount>;

/// Columns of rows, cheap to sum up again and again with other weights.
struct RankedRows {
  std::vector<double> label;
  std::vector<double> prediction;
  std::vector<double> loss;  ///< -ln p(label); binary tasks only.

  [[nodiscard]] size_t size() const { return label.size(); }
  void reserve(size_t rows);
  /// Appends row `row` of `other`.
  void add(const RankedRows& other, size_t row);
};

/// Row numbers in ascending order of prediction; equal ones stay in their order.
[[nodiscard]] std::vector<uint32_t> rank_rows(const Outcome& rows);

/// The rows in the given order.
[[nodiscard]] RankedRows arrange(const Outcome& rows, std::span<const uint32_t> order,
                                 bool regression);

/// A range of rows that are ascending by prediction, each counted `weights[i]` times.
struct WeightedRows {
  const RankedRows& rows;
  size_t begin = 0;
  size_t end = 0;
  std::span<const uint32_t> weights;  ///< One a row of `rows`, not of the range.
};

/// What is summed up of a group of a binary task; every metric follows from it.
struct BinarySums {
  double rows = 0;
  double positives = 0;
  double pairs_won = 0;  ///< Pairs of a positive above a negative; ties one half.
  double loss = 0;
  double squares = 0;
  double decided = 0;
  double true_positives = 0;
  double predictions = 0;      ///< Sum of them.
  double precision_steps = 0;  ///< Sum over positives of the precision at their prediction.
  double calibration_off = 0;  ///< Sum over bins of |sum of predictions - sum of labels|.

  [[nodiscard]] double negatives() const { return rows - positives; }
};

/// NaN for what is not defined of such a group, and for the metrics of regression.
[[nodiscard]] Measures measures_of(const BinarySums& sums, const MeasureOptions& options);

/// What is summed up of a group of a regression.
struct RegressionSums {
  double rows = 0;
  double squares = 0;    ///< Of the errors.
  double distances = 0;  ///< Their absolute values.
  double spread = 0;     ///< Squares of the labels around their mean.
};

/// NaN for what is not defined of such a group, and for the metrics of binary tasks.
[[nodiscard]] Measures regression_measures(const RegressionSums& sums);

/// All metrics of the range in one pass.
[[nodiscard]] Measures measure_binary(const WeightedRows& range, const MeasureOptions& options);
[[nodiscard]] Measures measure_regression(const WeightedRows& range);

/// Bins of `calibration_curve` with `sum_` of predictions and labels. Calls `bin(rows, sum of
/// predictions, sum of labels)` for each that is not empty.
template <typename Visit>
void visit_calibration_bins(const WeightedRows& range, int bins, const Visit& bin) {
  uint64_t total = 0;
  for (size_t i = range.begin; i < range.end; ++i) total += range.weights[i];
  const auto& prediction = range.rows.prediction;
  uint64_t seen = 0;
  uint64_t bin_number = 0;
  uint64_t bin_rows = 0;
  double predictions = 0;
  double labels = 0;
  for (size_t i = range.begin; i < range.end; ++i) {
    const uint64_t weight = range.weights[i];
    if (weight == 0) continue;
    // Only the first of equal predictions may open a bin.
    if (bin_rows > 0 && prediction[i] != prediction[i - 1]) {
      const uint64_t number = seen * static_cast<uint64_t>(bins) / total;
      if (number != bin_number) {
        bin(bin_rows, predictions, labels);
        bin_number = number;
        bin_rows = 0;
        predictions = labels = 0;
      }
    }
    seen += weight;
    bin_rows += weight;
    predictions += static_cast<double>(weight) * prediction[i];
    labels += static_cast<double>(weight) * range.rows.label[i];
  }
  if (bin_rows > 0) bin(bin_rows, predictions, labels);
}

}  // namespace millgate
