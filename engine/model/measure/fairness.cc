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

constexpr std::string_view kEqualisedOddsGap = "equalised_odds_gap";
constexpr std::string_view kEqualisedOddsRatio = "equalised_odds_ratio";

std::string slice_of(const std::vector<SliceColumn>& columns) {
  std::string slice = "by ";
  for (const SliceColumn& column : columns) {
    slice += (&column == &columns.front() ? "" : ", ") + column.name;
  }
  return slice;
}

const GapKind& kind_named(std::string_view name) {
  return *std::find_if(gap_kinds().begin(), gap_kinds().end(),
                       [&](const GapKind& kind) { return name == kind.name; });
}

/// The gaps of one grouping, measured one after the other.
class Gaps {
 public:
  Gaps(GroupGaps gaps, std::string slice, const MeasureOptions& options)
      : gaps_(std::move(gaps)), slice_(std::move(slice)), options_(options) {}

  void measure(const GapKind& kind, Fairness& into) const {
    const std::vector<size_t> judged = gaps_.judged(kind.measure);
    const double value = gaps_.value(kind, judged);
    if (std::isnan(value)) {
      into.unmeasured.push_back({kind.name, slice_, why_not(kind, judged)});
      return;
    }
    Evidence evidence = start(kind.name, value, gaps_.row_count(judged));
    evidence.note = gaps_.note(kind.measure, judged);
    set_interval(gaps_.resampled(kind, judged), kind.is_ratio ? Chance::down : Chance::up,
                 evidence);
    into.evidence.push_back(std::move(evidence));
  }

  /// The worse of the gaps (ratios) of recall and false positive rate.
  void measure_odds(bool is_ratio, Fairness& into) const {
    const std::string name(is_ratio ? kEqualisedOddsRatio : kEqualisedOddsGap);
    const GapKind& recall = kind_named(is_ratio ? "recall_ratio" : "recall_gap");
    const GapKind& false_positives =
        kind_named(is_ratio ? "false_positive_rate_ratio" : "false_positive_rate_gap");
    const auto of_recall = gaps_.judged(recall.measure);
    const auto of_false = gaps_.judged(false_positives.measure);
    const double a = gaps_.value(recall, of_recall);
    const double b = gaps_.value(false_positives, of_false);
    if (std::isnan(a) || std::isnan(b)) {
      into.unmeasured.push_back(
          {name, slice_,
           std::isnan(a) ? why_not(recall, of_recall) : why_not(false_positives, of_false)});
      return;
    }
    const auto worse = [&](double x, double y) {
      if (std::isnan(x) || std::isnan(y)) return x + y;
      return is_ratio ? std::min(x, y) : std::max(x, y);
    };
    const bool is_recall = worse(a, b) == a;
    Evidence evidence = start(name, worse(a, b), gaps_.row_count(is_recall ? of_recall : of_false));
    evidence.note = is_recall ? gaps_.note(recall.measure, of_recall)
                              : gaps_.note(false_positives.measure, of_false);
    std::vector<double> resampled = gaps_.resampled(recall, of_recall);
    const std::vector<double> others = gaps_.resampled(false_positives, of_false);
    std::transform(resampled.begin(), resampled.end(), others.begin(), resampled.begin(), worse);
    set_interval(std::move(resampled), is_ratio ? Chance::down : Chance::up, evidence);
    into.evidence.push_back(std::move(evidence));
  }

 private:
  [[nodiscard]] Evidence start(std::string metric, double value, int64_t rows) const {
    return {.metric = std::move(metric),
            .value = value,
            .lower = std::nullopt,
            .upper = std::nullopt,
            .slice = slice_,
            .row_count = rows,
            .data = options_.data,
            .inputs = options_.inputs};
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
  return metric == kEqualisedOddsGap || metric == kEqualisedOddsRatio ||
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
  std::vector<std::vector<uint32_t>> numbers;
  numbers.reserve(groups.size());
  for (const RowGroup& group : groups) {
    // What cannot be judged need not be measured.
    const bool is_small = std::ssize(group.rows) < kGroupRowsMin;
    numbers.push_back(is_small ? std::vector<uint32_t>() : group.rows);
  }
  const GroupMeasures measured = measure_groups(rows, numbers, options);
  const Gaps gaps(GroupGaps(rows, options.threshold, groups, measured), slice_of(columns), options);
  Fairness fairness;
  for (const GapKind& kind : gap_kinds()) {
    if (is_asked(kind.name)) gaps.measure(kind, fairness);
  }
  if (is_asked(kEqualisedOddsGap)) gaps.measure_odds(false, fairness);
  if (is_asked(kEqualisedOddsRatio)) gaps.measure_odds(true, fairness);
  return fairness;
}

}  // namespace millgate
