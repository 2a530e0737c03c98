#include "model/measure/ranked_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace millgate {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr double kProbabilityEdge = 1e-15;
constexpr int kCalibrationBins = 10;

double& at(Measures& measures, Measure measure) { return measures[static_cast<size_t>(measure)]; }

Measures undefined() {
  Measures measures;
  measures.fill(kUndefined);
  return measures;
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

/// What a single pass over a weighted range of a binary task sums up.
struct BinarySums {
  double rows = 0;
  double positives = 0;
  double pairs_won = 0;  ///< Pairs of a positive above a negative; ties one half.
  double loss = 0;
  double squares = 0;
  double decided = 0;
  double true_positives = 0;

  [[nodiscard]] double negatives() const { return rows - positives; }
};

BinarySums sum_binary(const WeightedRows& range, double threshold) {
  const RankedRows& rows = range.rows;
  BinarySums sums;
  double negatives_below = 0;
  double tied_positives = 0;
  double tied_negatives = 0;
  double tied = kUndefined;
  const auto close_ties = [&] {
    sums.pairs_won += tied_positives * (negatives_below + tied_negatives / 2);
    negatives_below += tied_negatives;
    tied_positives = tied_negatives = 0;
  };
  for (size_t i = range.begin; i < range.end; ++i) {
    if (range.weights[i] == 0) continue;
    const double weight = range.weights[i];
    const double prediction = rows.prediction[i];
    const double label = rows.label[i];
    if (prediction != tied) {
      close_ties();
      tied = prediction;
    }
    tied_positives += weight * label;
    tied_negatives += weight * (1 - label);
    sums.rows += weight;
    sums.positives += weight * label;
    sums.loss += weight * rows.loss[i];
    sums.squares += weight * (prediction - label) * (prediction - label);
    if (prediction >= threshold) {
      sums.decided += weight;
      sums.true_positives += weight * label;
    }
  }
  close_ties();
  return sums;
}

double expected_calibration_error(const WeightedRows& range) {
  double off = 0;
  double all = 0;
  visit_calibration_bins(range, kCalibrationBins,
                         [&](uint64_t rows, double predictions, double labels) {
                           off += std::abs(predictions - labels);
                           all += static_cast<double>(rows);
                         });
  return ratio(off, all);
}

}  // namespace

void RankedRows::reserve(size_t rows) {
  label.reserve(rows);
  prediction.reserve(rows);
  loss.reserve(rows);
}

void RankedRows::add(const RankedRows& other, size_t row) {
  label.push_back(other.label[row]);
  prediction.push_back(other.prediction[row]);
  if (!other.loss.empty()) loss.push_back(other.loss[row]);
}

std::vector<uint32_t> rank_rows(const Outcome& rows) {
  std::vector<uint32_t> order(rows.prediction.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return rows.prediction[a] < rows.prediction[b]; });
  return order;
}

RankedRows arrange(const Outcome& rows, std::span<const uint32_t> order, bool regression) {
  RankedRows ranked;
  ranked.reserve(order.size());
  for (uint32_t row : order) {
    ranked.label.push_back(rows.label[row]);
    ranked.prediction.push_back(rows.prediction[row]);
    if (regression) continue;
    const double probability =
        std::clamp(rows.prediction[row], kProbabilityEdge, 1 - kProbabilityEdge);
    ranked.loss.push_back(rows.label[row] > 0.5 ? -std::log(probability)
                                                : -std::log1p(-probability));
  }
  return ranked;
}

Measures measure_binary(const WeightedRows& range, const MeasureOptions& options) {
  const BinarySums sums = sum_binary(range, options.threshold);
  Measures measures = undefined();
  if (sums.rows == 0) return measures;
  const double true_negatives = sums.negatives() - (sums.decided - sums.true_positives);
  at(measures, Measure::auc) = ratio(sums.pairs_won, sums.positives * sums.negatives());
  at(measures, Measure::log_loss) = sums.loss / sums.rows;
  at(measures, Measure::brier) = sums.squares / sums.rows;
  at(measures, Measure::calibration_error) = expected_calibration_error(range);
  at(measures, Measure::accuracy) = (sums.true_positives + true_negatives) / sums.rows;
  at(measures, Measure::precision) = ratio(sums.true_positives, sums.decided);
  at(measures, Measure::recall) = ratio(sums.true_positives, sums.positives);
  at(measures, Measure::false_positive_rate) =
      ratio(sums.decided - sums.true_positives, sums.negatives());
  at(measures, Measure::positive_rate) = sums.decided / sums.rows;
  if (options.utility) {
    const Utility& utility = *options.utility;
    const double earned = utility.true_positive * sums.true_positives +
                          utility.false_positive * (sums.decided - sums.true_positives) +
                          utility.true_negative * true_negatives +
                          utility.false_negative * (sums.positives - sums.true_positives);
    at(measures, Measure::utility) = earned / sums.rows * 1000;
  }
  return measures;
}

Measures measure_regression(const WeightedRows& range) {
  const RankedRows& rows = range.rows;
  double count = 0;
  double labels = 0;
  for (size_t i = range.begin; i < range.end; ++i) {
    count += range.weights[i];
    labels += range.weights[i] * rows.label[i];
  }
  Measures measures = undefined();
  if (count == 0) return measures;
  const double mean = labels / count;
  double squares = 0;
  double distances = 0;
  double spread = 0;
  for (size_t i = range.begin; i < range.end; ++i) {
    const double off = rows.prediction[i] - rows.label[i];
    const double away = rows.label[i] - mean;
    squares += range.weights[i] * off * off;
    distances += range.weights[i] * std::abs(off);
    spread += range.weights[i] * away * away;
  }
  at(measures, Measure::rmse) = std::sqrt(squares / count);
  at(measures, Measure::mae) = distances / count;
  at(measures, Measure::r2) = spread > 0 ? 1 - squares / spread : kUndefined;
  return measures;
}

}  // namespace millgate
