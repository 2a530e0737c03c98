#include "model/measure/fairness.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "model/measure/class_measures.h"
#include "model/measure/class_quality.h"
#include "model/measure/group_gap.h"
#include "model/measure/group_measures.h"
#include "model/measure/row_groups.h"

namespace millgate {
namespace {

constexpr std::string_view kEqualisedOdds[] = {"equalised_odds_gap", "equalised_odds_ratio"};
/// What is asked of the probability of a class, and not of what was decided.
constexpr Measure kOfProbability[] = {Measure::auc, Measure::calibration_error,
                                      Measure::calibration_bias};

std::string slice_of(const std::vector<SliceColumn>& columns) {
  std::string slice = "by ";
  for (const SliceColumn& column : columns) {
    slice += (&column == &columns.front() ? "" : ", ") + column.name;
  }
  return slice;
}

/// All metrics that are measured here, in the order in which they are told.
std::vector<std::string_view> metrics_asked(std::span<const std::string> metrics) {
  std::vector<std::string_view> asked;
  const auto add = [&](std::string_view name) {
    if (metrics.empty() || std::find(metrics.begin(), metrics.end(), name) != metrics.end()) {
      asked.push_back(name);
    }
  };
  for (const GapKind& kind : gap_kinds()) add(kind.name);
  for (const std::string_view odds : kEqualisedOdds) add(odds);
  return asked;
}

/// A gap (ratio) between groups, or why there is none.
struct Gap {
  MetricSeries series;
  bool is_ratio = false;
  int64_t row_count = 0;
  std::string note;
  std::string why_not;  ///< Where the value is not a number.

  [[nodiscard]] bool is_measured() const { return !std::isnan(series.value); }
  /// Whether `a` is the greater gap, or the smaller ratio.
  [[nodiscard]] bool is_worse(double a, double b) const { return is_ratio ? a < b : a > b; }
};

std::string why_not(const GroupGaps& gaps, const GapKind& kind, const std::vector<size_t>& judged) {
  if (judged.size() >= 2) {
    return std::string(kMeasureNames[static_cast<size_t>(kind.measure)]) +
           " is 0 in every group, so there is no ratio";
  }
  const std::string others = gaps.not_judged(kind.measure);
  return judged.empty()   ? others
         : others.empty() ? "there is only one group"
                          : "only one group has enough rows; " + others;
}

/// `source`: whose groups say why it is so.
Gap told(const GroupGaps& gaps, const GapKind& source, MetricSeries series) {
  const std::vector<size_t> judged = gaps.judged(source.measure);
  Gap gap{.series = std::move(series), .is_ratio = source.is_ratio, .note = {}, .why_not = {}};
  if (gap.is_measured()) {
    gap.row_count = gaps.row_count(judged);
    gap.note = gaps.note(source.measure, judged);
  } else {
    gap.why_not = why_not(gaps, source, judged);
  }
  return gap;
}

/// `metric` is one of metrics_asked().
Gap gap_of(const GroupGaps& gaps, std::string_view metric) {
  const OddsParts odds = odds_parts(metric);
  if (odds.recall == nullptr) {
    const GapKind& kind = *std::find_if(gap_kinds().begin(), gap_kinds().end(),
                                        [&](const GapKind& one) { return metric == one.name; });
    return told(gaps, kind, gaps.series(kind));
  }
  // The worse of the gaps (ratios) of recall and false positive rate.
  MetricSeries series = gaps.series(odds);
  const double of_recall = gaps.series(*odds.recall).value;
  const bool is_of_recall =
      std::isnan(series.value) ? std::isnan(of_recall) : series.value == of_recall;
  return told(gaps, is_of_recall ? *odds.recall : *odds.false_positives, std::move(series));
}

void add(std::string_view metric, const std::string& slice, Gap gap, const MeasureOptions& options,
         Fairness& into) {
  if (!gap.is_measured()) {
    into.unmeasured.push_back({std::string(metric), slice, std::move(gap.why_not)});
    return;
  }
  Evidence evidence{.metric = std::string(metric),
                    .value = gap.series.value,
                    .lower = std::nullopt,
                    .upper = std::nullopt,
                    .slice = slice,
                    .row_count = gap.row_count,
                    .data = options.data,
                    .inputs = options.inputs,
                    .note = std::move(gap.note)};
  set_interval(std::move(gap.series.resampled), gap.is_ratio ? Chance::down : Chance::up, evidence);
  into.evidence.push_back(std::move(evidence));
}

/// The worst of the classes, on each resample too; those without a gap are passed over and named.
Gap worst_of(const std::vector<Gap>& gaps, std::span<const std::string> class_names) {
  std::optional<Gap> worst;
  std::string passed_over;
  for (size_t k = 0; k < gaps.size(); ++k) {
    const Gap& one = gaps[k];
    if (!one.is_measured()) {
      passed_over += "; class=" + class_names[k] + " is not judged: " + one.why_not;
      continue;
    }
    if (!worst) {
      worst = one;
      worst->note = "class=" + class_names[k] + ": " + one.note;
      continue;
    }
    if (one.is_worse(one.series.value, worst->series.value)) {
      worst->series.value = one.series.value;
      worst->row_count = one.row_count;
      worst->note = "class=" + class_names[k] + ": " + one.note;
    }
    std::vector<double>& resampled = worst->series.resampled;
    std::transform(resampled.begin(), resampled.end(), one.series.resampled.begin(),
                   resampled.begin(), [&](double a, double b) {
                     return std::isnan(a) || (!std::isnan(b) && one.is_worse(b, a)) ? b : a;
                   });
  }
  if (!worst) {
    worst = gaps.front();
    worst->why_not = passed_over.substr(2);
    return *worst;
  }
  worst->note += passed_over;
  return *worst;
}

/// Of all decisions, whichever class they are for.
Gap accuracy_gap(std::string_view metric, const Outcome& rows, std::span<const RowGroup> groups,
                 const MeasureOptions& options) {
  const GroupMeasures measured = measure_large_groups(rows, groups, options);
  // Accuracy rests on rows, and on no threshold.
  return gap_of(GroupGaps(rows, options.threshold, groups, measured), metric);
}

/// Takes the columns of `measures` from `from`.
void copy_measures(const GroupMeasures& from, std::span<const Measure> measures,
                   GroupMeasures& into) {
  for (const Measure measure : measures) {
    const auto at = static_cast<size_t>(measure);
    for (size_t i = 0; i < into.point.size(); ++i) into.point[i][at] = from.point[i][at];
    for (size_t i = 0; i < into.resampled.size(); ++i) {
      into.resampled[i][at] = from.resampled[i][at];
    }
  }
}

Status check_grouping(const Outcome& rows, const std::vector<SliceColumn>& columns,
                      const MeasureOptions& options) {
  MILLGATE_TRY(check_outcome(rows, columns, options));
  if (!columns.empty()) return {};
  return invalid_input("fairness: there is no column to group by");
}

}  // namespace

bool is_fairness_metric(std::string_view metric) {
  return odds_parts(metric).recall != nullptr ||
         std::any_of(gap_kinds().begin(), gap_kinds().end(),
                     [&](const GapKind& kind) { return metric == kind.name; });
}

Result<Fairness> measure_fairness(const Outcome& rows, const std::vector<SliceColumn>& columns,
                                  const MeasureOptions& options,
                                  std::span<const std::string> metrics) {
  MILLGATE_TRY(check_grouping(rows, columns, options));
  if (options.regression) {
    return invalid_input("fairness: gaps are between decisions, and a number is none");
  }
  const std::vector<RowGroup> groups = group_rows(columns);
  const GroupMeasures measured = measure_large_groups(rows, groups, options);
  const GroupGaps gaps(rows, options.threshold, groups, measured);
  Fairness fairness;
  for (const std::string_view metric : metrics_asked(metrics)) {
    add(metric, slice_of(columns), gap_of(gaps, metric), options, fairness);
  }
  return fairness;
}

Result<Fairness> measure_class_fairness(const Outcome& rows,
                                        std::span<const std::string> class_names,
                                        const std::vector<SliceColumn>& columns,
                                        const MeasureOptions& options,
                                        std::span<const std::string> metrics) {
  MILLGATE_TRY(check_grouping(rows, columns, options));
  const std::vector<RowGroup> groups = group_rows(columns);
  const std::string slice = slice_of(columns);
  const std::vector<std::string_view> asked = metrics_asked(metrics);
  const std::vector<size_t> decided =
      decided_classes(rows.prediction, class_names.size(), options.decide_by);
  MeasureOptions of_event;
  of_event.resamples = options.resamples;
  of_event.seed = options.seed;
  Fairness fairness;
  std::vector<std::vector<Gap>> of_classes(asked.size());
  for (size_t k = 0; k < class_names.size(); ++k) {
    ClassEvent event = class_against_rest(rows, k, class_names.size());
    const GroupMeasures of_probability = measure_large_groups(event.outcome(), groups, of_event);
    for (size_t i = 0; i < decided.size(); ++i) event.prediction[i] = decided[i] == k ? 1 : 0;
    GroupMeasures measured = measure_large_groups(event.outcome(), groups, of_event);
    copy_measures(of_probability, kOfProbability, measured);
    const GroupGaps gaps(event.outcome(), of_event.threshold, groups, measured);
    for (size_t m = 0; m < asked.size(); ++m) {
      of_classes[m].push_back(gap_of(gaps, asked[m]));
      add(asked[m], "class=" + class_names[k] + ", " + slice, of_classes[m].back(), options,
          fairness);
    }
  }
  for (size_t m = 0; m < asked.size(); ++m) {
    const bool is_of_all = asked[m].starts_with("accuracy_");
    add(asked[m], slice,
        is_of_all ? accuracy_gap(asked[m], rows, groups, options)
                  : worst_of(of_classes[m], class_names),
        options, fairness);
  }
  return fairness;
}

}  // namespace millgate
