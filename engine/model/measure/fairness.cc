#include "model/measure/fairness.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "model/measure/group_gap.h"
#include "model/measure/group_measures.h"
#include "model/measure/row_groups.h"

namespace millgate {
namespace {

constexpr std::string_view kEqualisedOdds[] = {"equalised_odds_gap", "equalised_odds_ratio"};

std::string slice_of(const std::vector<SliceColumn>& columns) {
  std::string slice = "by ";
  for (const SliceColumn& column : columns) {
    slice += (&column == &columns.front() ? "" : ", ") + column.name;
  }
  return slice;
}

/// The gaps of one grouping, measured one after the other.
class Gaps {
 public:
  Gaps(GroupGaps gaps, std::string slice, const MeasureOptions& options)
      : gaps_(std::move(gaps)), slice_(std::move(slice)), options_(options) {}

  void measure(const GapKind& kind, Fairness& into) const {
    add(kind.name, kind, kind.is_ratio, gaps_.series(kind), into);
  }

  /// The worse of the gaps (ratios) of recall and false positive rate.
  void measure_odds(std::string_view metric, Fairness& into) const {
    const OddsParts odds = odds_parts(metric);
    MetricSeries series = gaps_.series(odds);
    const double of_recall = gaps_.series(*odds.recall).value;
    const bool is_of_recall =
        std::isnan(series.value) ? std::isnan(of_recall) : series.value == of_recall;
    add(std::string(metric), is_of_recall ? *odds.recall : *odds.false_positives,
        odds.recall->is_ratio, std::move(series), into);
  }

 private:
  /// `source`: whose groups say why it is so.
  void add(std::string metric, const GapKind& source, bool is_ratio, MetricSeries series,
           Fairness& into) const {
    const std::vector<size_t> judged = gaps_.judged(source.measure);
    if (std::isnan(series.value)) {
      into.unmeasured.push_back({std::move(metric), slice_, why_not(source, judged)});
      return;
    }
    Evidence evidence{.metric = std::move(metric),
                      .value = series.value,
                      .lower = std::nullopt,
                      .upper = std::nullopt,
                      .slice = slice_,
                      .row_count = gaps_.row_count(judged),
                      .data = options_.data,
                      .inputs = options_.inputs,
                      .note = gaps_.note(source.measure, judged)};
    set_interval(std::move(series.resampled), is_ratio ? Chance::down : Chance::up, evidence);
    into.evidence.push_back(std::move(evidence));
  }
  [[nodiscard]] std::string why_not(const GapKind& kind, const std::vector<size_t>& judged) const {
    if (judged.size() >= 2) {
      return std::string(kMeasureNames[static_cast<size_t>(kind.measure)]) +
             " is 0 in every group, so there is no ratio";
    }
    const std::string others = gaps_.not_judged(kind.measure);
    return judged.empty()   ? others
           : others.empty() ? "there is only one group"
                            : "only one group has enough rows; " + others;
  }

  GroupGaps gaps_;
  std::string slice_;
  const MeasureOptions& options_;
};

}  // namespace

bool is_fairness_metric(std::string_view metric) {
  return odds_parts(metric).recall != nullptr ||
         std::any_of(gap_kinds().begin(), gap_kinds().end(),
                     [&](const GapKind& kind) { return metric == kind.name; });
}

Result<Fairness> measure_fairness(const Outcome& rows, const std::vector<SliceColumn>& columns,
                                  const MeasureOptions& options,
                                  std::span<const std::string> metrics) {
  MILLGATE_TRY(check_outcome(rows, columns, options));
  if (options.regression || columns.empty()) {
    return invalid_input(columns.empty() ? "fairness: there is no column to group by"
                                         : "fairness: gaps are between decisions of a binary task");
  }
  const auto is_asked = [&](std::string_view name) {
    return metrics.empty() || std::find(metrics.begin(), metrics.end(), name) != metrics.end();
  };
  const std::vector<RowGroup> groups = group_rows(columns);
  const GroupMeasures measured = measure_large_groups(rows, groups, options);
  const Gaps gaps(GroupGaps(rows, options.threshold, groups, measured), slice_of(columns), options);
  Fairness fairness;
  for (const GapKind& kind : gap_kinds()) {
    if (is_asked(kind.name)) gaps.measure(kind, fairness);
  }
  for (const std::string_view odds : kEqualisedOdds) {
    if (is_asked(odds)) gaps.measure_odds(odds, fairness);
  }
  return fairness;
}

}  // namespace millgate
