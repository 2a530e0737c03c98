#include "model/measure/metric.h"

#include <algorithm>
#include <array>

namespace millgate {
namespace {

constexpr auto kMetrics = std::to_array<Metric>({
    {"auc", "1", true, false, false,
     "Probability that a positive row is scored above a negative one, ties counted one half "
     "(Mann and Whitney 1947)."},
    {"log_loss", "nats", false, false, false,
     "Mean of -ln p(label), probabilities kept 1e-15 away from 0 and 1 (Good 1952)."},
    {"brier", "1", false, false, false,
     "Mean squared difference of probability and label (Brier 1950)."},
    {"calibration_error", "1", false, false, false,
     "Expected calibration error over 10 bins of equal count: mean |mean prediction - share of "
     "positives|, weighted by rows (Naeini et al. 2015)."},
    {"accuracy", "1", true, true, false, "Share of rows decided as labelled."},
    {"precision", "1", true, true, false, "Positives among the rows decided positive."},
    {"recall", "1", true, true, false, "Rows decided positive among the positives."},
    {"false_positive_rate", "1", false, true, false, "Rows decided positive among the negatives."},
    {"positive_rate", "1", false, true, false, "Share of rows decided positive."},
    {"utility", "currency", true, true, false,
     "What the decisions earn per 1,000 rows, by [metric.utility]."},
    {"rmse", "label", false, false, false, "Root of the mean squared error."},
    {"mae", "label", false, false, false, "Mean absolute error."},
    {"r2", "1", true, false, false,
     "1 - sum of squared errors / sum of squares around the mean label."},
    {"coverage", "1", true, false, false,
     "Share of rows whose truth lies in the interval, or in the set of answers, that the model "
     "gave "
     "(Vovk et al. 2005).",
     true},
    {"interval_width", "label", false, false, false, "Mean width of the intervals.", true},
    {"set_size", "1", false, false, false, "Mean number of answers in the sets.", true},
    {"recall_gap", "1", false, true, true,
     "Largest less smallest recall between the groups (equal opportunity, Hardt et al. 2016)."},
    {"false_positive_rate_gap", "1", false, true, true,
     "Largest less smallest false positive rate between the groups (equalised odds, Hardt et al. "
     "2016)."},
    {"positive_rate_gap", "1", false, true, true,
     "Largest less smallest share decided positive between the groups (demographic parity)."},
    {"auc_gap", "1", false, false, true, "Largest less smallest AUC between the groups."},
    {"latency_ms_p50", "ms", false, false, false,
     "Half of the single-row predictions take at most so long (nearest rank)."},
    {"latency_ms_p99", "ms", false, false, false,
     "99 % of the single-row predictions take at most so long (nearest rank)."},
    {"model_size_bytes", "bytes", false, false, false, "Sum of the sizes of the model's objects."},
});

}  // namespace

std::span<const Metric> all_metrics() { return kMetrics; }

const Metric* find_metric(std::string_view name) {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                  [&](const Metric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : &*found;
}

}  // namespace millgate
