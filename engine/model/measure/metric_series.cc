#include "model/measure/metric_series.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "model/measure/fairness.h"
#include "model/measure/group_gap.h"
#include "model/measure/group_measures.h"
#include "model/measure/row_groups.h"

namespace millgate {
namespace {

std::optional<Measure> measure_named(std::string_view name) {
  const auto* found = std::find(kMeasureNames.begin(), kMeasureNames.end(), name);
  if (found == kMeasureNames.end()) return std::nullopt;
  return static_cast<Measure>(found - kMeasureNames.begin());
}

MetricSeries series_of(const GroupMeasures& measured, Measure measure) {
  MetricSeries series{.value = measured.value(0, measure), .resampled = {}};
  series.resampled.reserve(measured.resamples());
  for (size_t r = 0; r < measured.resamples(); ++r) {
    series.resampled.push_back(measured.value(r, 0, measure));
  }
  return series;
}

}  // namespace

bool has_series(std::string_view metric) {
  return measure_named(metric).has_value() || is_fairness_metric(metric);
}

Result<std::vector<MetricSeries>> measure_series(const Outcome& rows,
                                                 std::span<const std::string> metrics,
                                                 const SeriesRows& which,
                                                 const MeasureOptions& options) {
  MILLGATE_TRY(check_outcome(rows, which.columns, options));
  std::optional<GroupMeasures> of_rows;
  std::vector<RowGroup> groups;
  std::optional<GroupMeasures> of_groups;
  std::vector<MetricSeries> all;
  all.reserve(metrics.size());
  for (const std::string& name : metrics) {
    if (const auto measure = measure_named(name)) {
      if (!of_rows) of_rows = measure_groups(rows, std::span(&which.rows, 1), options);
      all.push_back(series_of(*of_rows, *measure));
      continue;
    }
    if (options.regression || options.class_count > 0) {
      return invalid_input("`" + name + "` is weighed between the decisions of a binary task" +
                               (options.regression ? "" : ", not yet of several classes"),
                           options.regression ? "" : "write a [[requirement]] on it");
    }
    if (which.columns.empty()) {
      return invalid_input("`" + name + "` needs columns to group the rows by");
    }
    if (!of_groups) {
      groups = group_rows(which.columns);
      of_groups = measure_large_groups(rows, groups, options);
    }
    const GroupGaps gaps(rows, options.threshold, groups, *of_groups);
    const OddsParts odds = odds_parts(name);
    const auto kind = std::find_if(gap_kinds().begin(), gap_kinds().end(),
                                   [&](const GapKind& one) { return name == one.name; });
    all.push_back(odds.recall != nullptr ? gaps.series(odds) : gaps.series(*kind));
  }
  return all;
}

}  // namespace millgate
