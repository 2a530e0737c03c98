/// The one list of metrics: names, units, directions, definitions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millgate {

/// A metric that requirements may name.
struct Metric {
  std::string_view name;
  std::string_view unit;  ///< "1" for ratios, "nats", "ms", "bytes", "currency", "label".
  bool higher_is_better = true;
  bool needs_threshold = false;    ///< Depends on decisions, not only on probabilities.
  bool is_gap = false;             ///< Largest difference between the groups of `by`.
  std::string_view definition;     ///< One sentence with the formula's source.
  bool needs_uncertainty = false;  ///< Of what surrounds predictions.
};

/// All metrics, in the order in which reports show them: auc, log_loss, brier,
/// calibration_error, accuracy, precision, recall, false_positive_rate, positive_rate, utility,
/// rmse, mae, r2, coverage, interval_width, set_size, recall_gap, false_positive_rate_gap,
/// positive_rate_gap, auc_gap, latency_ms_p50, latency_ms_p99, model_size_bytes.
[[nodiscard]] std::span<const Metric> all_metrics();
/// Null when there is none of that name.
[[nodiscard]] const Metric* find_metric(std::string_view name);

}  // namespace millgate
