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

std::vector<size_t> decided_classes(std::span<const double> probability, size_t class_count) {
  std::vector<size_t> decided(probability.size() / class_count);
  for (size_t i = 0; i < decided.size(); ++i) {
    const auto all = probability.subspan(i * class_count, class_count);
    decided[i] = static_cast<size_t>(std::max_element(all.begin(), all.end()) - all.begin());
  }
  return decided;
}

std::vector<ClassCount> class_counts(const Outcome& rows,
                                     std::span<const std::string> class_names) {
  const size_t classes = class_names.size();
  std::vector<ClassCount> counts;
  counts.reserve(classes);
  for (const std::string& name : class_names) {
    counts.push_back({.name = name, .decided = std::vector<int64_t>(classes, 0)});
  }
  const std::vector<size_t> decided = decided_classes(rows.prediction, classes);
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
  const std::vector<size_t> decided = decided_classes(rows.prediction, classes);
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
