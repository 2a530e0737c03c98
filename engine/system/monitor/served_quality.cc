#include "system/monitor/served_quality.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "model/measure/quality.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

/// Fewer labels say next to nothing about quality: the interval of an AUC is wider than 0.2.
constexpr size_t kLabelsMin = 30;

/// The labelled rows of a window, packed.
struct LabelledRows {
  std::vector<double> label;
  std::vector<double> prediction;
  std::vector<ServedSlice> slices;
};

LabelledRows pack(const ServedRows& rows, LogRows range, const std::vector<ServedSlice>& slices) {
  LabelledRows packed;
  for (const ServedSlice& slice : slices) packed.slices.push_back({slice.name, {}});
  for (size_t row = range.first; row < range.last; ++row) {
    if (std::isnan(rows.label[row]) || std::isnan(rows.prediction[row])) continue;
    packed.label.push_back(rows.label[row]);
    packed.prediction.push_back(rows.prediction[row]);
    for (size_t slice = 0; slice < slices.size(); ++slice) {
      packed.slices[slice].values.push_back(slices[slice].values[row]);
    }
  }
  return packed;
}

std::optional<double> mean(std::span<const double> values) {
  double sum = 0;
  size_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

bool has_one_class(const LabelledRows& rows) {
  return std::all_of(rows.label.begin(), rows.label.end(),
                     [&](double label) { return label == rows.label.front(); });
}

Status measure(const Manifest& manifest, const LabelledRows& rows, const MonitorOptions& options,
               MonitorWindow& window) {
  MeasureOptions how;
  how.threshold = manifest.threshold;
  how.resamples = options.resamples;
  how.seed = options.seed;
  how.utility = options.utility;
  how.regression = manifest.task_kind == "regression";
  how.data = "served";
  std::vector<SliceColumn> columns;
  columns.reserve(rows.slices.size());
  for (const ServedSlice& slice : rows.slices) columns.push_back({slice.name, slice.values});
  MILLGATE_ASSIGN(window.evidence, measure_quality({rows.label, rows.prediction}, columns, how));
  // Half of nothing is no quality: with one class, what compares the classes is left out.
  std::erase_if(window.evidence, [](const Evidence& one) { return std::isnan(one.value); });
  return {};
}

}  // namespace

int64_t drop_bad_labels(const Manifest& manifest, std::span<double> labels) {
  if (manifest.task_kind == "regression") return 0;
  int64_t bad = 0;
  for (double& label : labels) {
    if (std::isnan(label) || label == 0 || label == 1) continue;
    label = std::numeric_limits<double>::quiet_NaN();
    ++bad;
  }
  return bad;
}

Result<MonitorWindow> measure_window(const Manifest& manifest, const ServedRows& rows,
                                     LogRows range, const std::vector<ServedSlice>& slices,
                                     const MonitorOptions& options) {
  MonitorWindow window;
  window.row_count = static_cast<int64_t>(range.size());
  if (range.size() == 0) {
    window.note = "nothing was predicted";
    return window;
  }
  if (manifest.task_kind == "ranking") {
    window.note = "scores are compared within queries, which are not watched yet";
    return window;
  }
  const LabelledRows labelled = pack(rows, range, slices);
  window.labelled_count = static_cast<int64_t>(labelled.label.size());
  window.maturity = static_cast<double>(labelled.label.size()) / static_cast<double>(range.size());
  window.mean_prediction = mean(std::span(rows.prediction).subspan(range.first, range.size()));
  window.mean_prediction_labelled = mean(labelled.prediction);
  window.share_positive = mean(labelled.label);
  if (labelled.label.size() < kLabelsMin) {
    window.note = "cannot know the quality: " + count_of(window.labelled_count, "label") +
                  " came for " + count_of(window.row_count, "row") + ", " + count_text(kLabelsMin) +
                  " are needed";
    return window;
  }
  MILLGATE_TRY(measure(manifest, labelled, options, window));
  if (manifest.task_kind != "regression" && has_one_class(labelled)) {
    std::erase_if(window.evidence, [](const Evidence& one) { return one.metric == "auc"; });
    window.note = "cannot know the auc: all " + count_of(window.labelled_count, "label") + " are " +
                  (labelled.label.front() == 1 ? "1" : "0");
  }
  return window;
}

}  // namespace millgate
