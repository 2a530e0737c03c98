/// The one list of metrics: names, units, directions, definitions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millgate {

/// What a metric needs beside labels and predictions of the rows; only the gate has it.
enum class MetricNeed {
  nothing,
  disturbance,    ///< Predictions before and after the inputs were disturbed.
  training_rows,  ///< The loss on the rows that the model was trained on.
  explanations,   ///< What each feature contributes to each row.
  expectations,   ///< What the project's expectations find on the test rows.
  data_commit,    ///< What the project's rules find in the commit that the model was trained on.
};

/// A metric that requirements may name.
struct Metric {
  std::string_view name;
  std::string_view unit;  ///< "1" for ratios, "nats", "ms", "bytes", "J", "1/s",
                          ///< "currency", "label", "features", "rules",
                          ///< "expectations".
  bool higher_is_better = true;
  bool needs_threshold = false;    ///< Depends on decisions, not only on probabilities.
  bool is_gap = false;             ///< Difference or ratio between the groups of `by`.
  std::string_view definition;     ///< One sentence with the formula's source.
  bool needs_uncertainty = false;  ///< Of what surrounds predictions.
  bool is_best_at_zero = false;    ///< May be below 0, where it is no better: not to search by.
  MetricNeed need = MetricNeed::nothing;  ///< Beside what the flags say.
  bool is_of_ranking = false;             ///< A mean over queries, and not over rows.
};

/// All metrics, in the order in which reports show them: of one group of rows, of what surrounds
/// predictions, between groups (gaps and ratios), of the data, of the model as a program.
[[nodiscard]] std::span<const Metric> all_metrics();
/// Of the model as a program (latency, energy, memory, size), and not of its answers.
[[nodiscard]] bool is_of_program(const Metric& metric);
/// Null when there is none of that name.
[[nodiscard]] const Metric* find_metric(std::string_view name);
/// What the metric of that name rests on, "rows" or "queries".
[[nodiscard]] const char* counted_in(std::string_view metric);

}  // namespace millgate
