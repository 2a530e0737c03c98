#include "model/measure/ranked_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace millgate {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr double kProbabilityEdge = 1e-15;

double& at(Measures& measures, Measure measure) { return measures[static_cast<size_t>(measure)]; }

Measures undefined() {
  Measures measures;
  measures.fill(kUndefined);
  return measures;
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

/// Of the rows below a row, and what is left of `sums` at and above it, follow pairs and
/// precisions.
BinarySums sum_binary(const WeightedRows& range, double threshold) {
  const RankedRows& rows = range.rows;
  BinarySums sums;
  double all_positives = 0;
  double all_rows = 0;
  for (size_t i = range.begin; i < range.end; ++i) {
    all_rows += range.weights[i];
    all_positives += range.weights[i] * rows.label[i];
  }
  double negatives_below = 0;
  double tied_positives = 0;
  double tied_negatives = 0;
  double tied = kUndefined;
  const auto close_ties = [&] {
    sums.pairs_won += tied_positives * (negatives_below + tied_negatives / 2);
    if (tied_positives > 0) {
      const double positives_below = sums.positives - tied_positives;
      sums.precision_steps += tied_positives * (all_positives - positives_below) /
                              (all_rows - positives_below - negatives_below);
    }
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
    sums.predictions += weight * prediction;
    if (prediction >= threshold) {
      sums.decided += weight;
      sums.true_positives += weight * label;
    }
  }
  close_ties();
  return sums;
}

/// Sum over bins of |sum of predictions - sum of labels|.
double calibration_off(const WeightedRows& range) {
  double off = 0;
  visit_calibration_bins(range, kCalibrationBins, [&](uint64_t, double predictions, double labels) {
    off += std::abs(predictions - labels);
  });
  return off;
}

/// -sum p ln p of a share and its rest, in nats.
double entropy(double share) {
  if (share <= 0 || share >= 1) return 0;
  return -share * std::log(share) - (1 - share) * std::log1p(-share);
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

bool is_of_task(Measure measure, const MeasureOptions& options) {
  const bool is_of_ranking = measure >= Measure::ndcg;
  if (is_of_ranking || options.ranking) return is_of_ranking && options.ranking;
  switch (measure) {
    case Measure::rmse:
    case Measure::mae:
    case Measure::r2:
      return options.regression;
    case Measure::utility:
      return !options.regression && (options.class_count == 0 || options.utility);
    case Measure::macro_auc:
    case Measure::macro_f1:
    case Measure::top_2_accuracy:
    case Measure::top_3_accuracy:
    case Measure::macro_calibration_error:
      return options.class_count > 0;
    case Measure::log_loss:
    case Measure::brier:
    case Measure::calibration_error:
    case Measure::accuracy:
    case Measure::log_loss_skill:
    case Measure::balanced_accuracy:
    case Measure::matthews:
    case Measure::kappa:
      return !options.regression;
    default:
      return !options.regression && options.class_count == 0;
  }
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

Measures measures_of(const BinarySums& sums, const MeasureOptions& options) {
  Measures measures = undefined();
  if (sums.rows == 0) return measures;
  const double false_positives = sums.decided - sums.true_positives;
  const double false_negatives = sums.positives - sums.true_positives;
  const double true_negatives = sums.negatives() - false_positives;
  const double refused = sums.rows - sums.decided;
  at(measures, Measure::auc) = ratio(sums.pairs_won, sums.positives * sums.negatives());
  at(measures, Measure::log_loss) = sums.loss / sums.rows;
  at(measures, Measure::brier) = sums.squares / sums.rows;
  at(measures, Measure::calibration_error) = sums.calibration_off / sums.rows;
  at(measures, Measure::accuracy) = (sums.true_positives + true_negatives) / sums.rows;
  at(measures, Measure::precision) = ratio(sums.true_positives, sums.decided);
  at(measures, Measure::recall) = ratio(sums.true_positives, sums.positives);
  at(measures, Measure::false_positive_rate) = ratio(false_positives, sums.negatives());
  at(measures, Measure::positive_rate) = sums.decided / sums.rows;
  if (options.utility) {
    const Utility& utility = *options.utility;
    const double earned =
        utility.true_positive * sums.true_positives + utility.false_positive * false_positives +
        utility.true_negative * true_negatives + utility.false_negative * false_negatives;
    at(measures, Measure::utility) = earned / sums.rows * 1000;
  }
  at(measures, Measure::average_precision) = ratio(sums.precision_steps, sums.positives);
  at(measures, Measure::calibration_bias) = (sums.predictions - sums.positives) / sums.rows;
  if (const double unknown = entropy(sums.positives / sums.rows); unknown > 0) {
    at(measures, Measure::log_loss_skill) = 1 - sums.loss / sums.rows / unknown;
  }
  at(measures, Measure::f1) = ratio(2 * sums.true_positives, sums.decided + sums.positives);
  at(measures, Measure::balanced_accuracy) =
      (ratio(sums.true_positives, sums.positives) + ratio(true_negatives, sums.negatives())) / 2;
  at(measures, Measure::matthews) =
      ratio(sums.true_positives * true_negatives - false_positives * false_negatives,
            std::sqrt(sums.decided * sums.positives * sums.negatives() * refused));
  const double by_chance = sums.decided * sums.positives + refused * sums.negatives();
  at(measures, Measure::kappa) =
      ratio((sums.true_positives + true_negatives) * sums.rows - by_chance,
            sums.rows * sums.rows - by_chance);
  at(measures, Measure::false_negative_rate) = ratio(false_negatives, sums.positives);
  at(measures, Measure::negative_predictive_value) = ratio(true_negatives, refused);
  at(measures, Measure::jaccard) = ratio(sums.true_positives, sums.decided + false_negatives);
  return measures;
}

Measures measure_binary(const WeightedRows& range, const MeasureOptions& options) {
  BinarySums sums = sum_binary(range, options.threshold);
  sums.calibration_off = calibration_off(range);
  return measures_of(sums, options);
}

Measures regression_measures(const RegressionSums& sums) {
  Measures measures = undefined();
  if (sums.rows == 0) return measures;
  at(measures, Measure::rmse) = std::sqrt(sums.squares / sums.rows);
  at(measures, Measure::mae) = sums.distances / sums.rows;
  at(measures, Measure::r2) = sums.spread > 0 ? 1 - sums.squares / sums.spread : kUndefined;
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
  RegressionSums sums{.rows = count};
  const double mean = count > 0 ? labels / count : 0;
  for (size_t i = range.begin; i < range.end; ++i) {
    const double off = rows.prediction[i] - rows.label[i];
    const double away = rows.label[i] - mean;
    sums.squares += range.weights[i] * off * off;
    sums.distances += range.weights[i] * std::abs(off);
    sums.spread += range.weights[i] * away * away;
  }
  return regression_measures(sums);
}

}  // namespace millgate
