#include "model/measure/class_quality.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/measure/class_measures.h"

namespace millgate {
namespace {

/// The row numbers of all rows, as the only group.
std::vector<std::vector<uint32_t>> all_rows(size_t count) {
  std::vector<std::vector<uint32_t>> groups(1, std::vector<uint32_t>(count));
  for (size_t i = 0; i < count; ++i) groups.front()[i] = static_cast<uint32_t>(i);
  return groups;
}

void add(const GroupMeasures& measured, Measure measure, Evidence evidence,
         std::vector<Evidence>& into) {
  evidence.metric = kMeasureNames[static_cast<size_t>(measure)];
  evidence.value = measured.value(0, measure);
  if (std::isnan(evidence.value)) return;
  std::vector<double> resampled;
  resampled.reserve(measured.resamples());
  for (size_t r = 0; r < measured.resamples(); ++r) {
    resampled.push_back(measured.value(r, 0, measure));
  }
  set_interval(std::move(resampled), chance_of(measure), evidence);
  into.push_back(std::move(evidence));
}

}  // namespace

size_t decided_class(std::span<const double> probability, std::span<const double> decide_by) {
  if (decide_by.empty()) {
    const auto most = std::max_element(probability.begin(), probability.end());
    return static_cast<size_t>(most - probability.begin());
  }
  const size_t classes = probability.size();
  size_t best = 0;
  double most = 0;
  for (size_t d = 0; d < classes; ++d) {
    double earned = 0;
    for (size_t t = 0; t < classes; ++t) earned += probability[t] * decide_by[d * classes + t];
    if (d > 0 && !(earned > most)) continue;
    best = d;
    most = earned;
  }
  return best;
}

std::vector<size_t> decided_classes(std::span<const double> probability, size_t class_count,
                                    std::span<const double> decide_by) {
  std::vector<size_t> decided(probability.size() / class_count);
  for (size_t i = 0; i < decided.size(); ++i) {
    decided[i] = decided_class(probability.subspan(i * class_count, class_count), decide_by);
  }
  return decided;
}

std::vector<ClassCount> class_counts(const Outcome& rows, std::span<const std::string> class_names,
                                     std::span<const double> decide_by) {
  const size_t classes = class_names.size();
  std::vector<ClassCount> counts;
  counts.reserve(classes);
  for (const std::string& name : class_names) {
    counts.push_back({.name = name, .decided = std::vector<int64_t>(classes, 0)});
  }
  const std::vector<size_t> decided = decided_classes(rows.prediction, classes, decide_by);
  for (size_t i = 0; i < decided.size(); ++i) {
    ++counts[static_cast<size_t>(rows.label[i])].decided[decided[i]];
  }
  return counts;
}

Result<std::vector<Evidence>> measure_each_class(const Outcome& rows,
                                                 std::span<const std::string> class_names,
                                                 const MeasureOptions& options) {
  MILLGATE_TRY(check_outcome(rows, {}, options));
  const size_t classes = class_names.size();
  const std::vector<size_t> decided = decided_classes(rows.prediction, classes, options.decide_by);
  const auto groups = all_rows(rows.label.size());
  MeasureOptions of_event;
  of_event.resamples = options.resamples;
  of_event.seed = options.seed;
  std::vector<Evidence> all;
  for (size_t k = 0; k < classes; ++k) {
    Evidence one;
    one.slice = "class=" + class_names[k];
    one.row_count = static_cast<int64_t>(rows.label.size());
    one.data = options.data;
    one.inputs = options.inputs;
    ClassEvent event = class_against_rest(rows, k, classes);
    const GroupMeasures ranked = measure_groups(event.outcome(), groups, of_event);
    for (size_t i = 0; i < decided.size(); ++i) event.prediction[i] = decided[i] == k ? 1 : 0;
    const GroupMeasures told = measure_groups(event.outcome(), groups, of_event);
    for (const Measure measure : {Measure::recall, Measure::precision, Measure::f1}) {
      add(told, measure, one, all);
    }
    add(ranked, Measure::auc, one, all);
    add(ranked, Measure::calibration_error, one, all);
  }
  return all;
}

}  // namespace millgate
