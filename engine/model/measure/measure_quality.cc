#include <algorithm>
#include <cmath>

#include "model/measure/group_gap.h"
#include "model/measure/group_measures.h"
#include "model/measure/quality.h"
#include "model/measure/row_groups.h"

namespace millgate {
namespace {

/// Gaps that every training measures; fairness.h has all.
constexpr size_t kGapsOfQuality = 4;
/// Metrics that are also measured of every group, and not only of all rows.
constexpr size_t kMetricsOfGroups = static_cast<size_t>(Measure::utility) + 1;

/// A slice column whose frequent groups are measured.
struct MeasuredColumn {
  std::string name;
  std::vector<RowGroup> groups;
  size_t first = 0;  ///< Number of the first of them among all groups.
};

/// Everything that is measured: all rows, then the groups of each column.
struct Plan {
  std::vector<MeasuredColumn> columns;
  std::vector<std::vector<uint32_t>> groups;
};

Plan plan_groups(const Outcome& outcome, const std::vector<SliceColumn>& slices,
                 const MeasureOptions& options) {
  Plan plan;
  const size_t rows = outcome.label.size();
  plan.groups.emplace_back(rows);
  for (size_t i = 0; i < rows; ++i) plan.groups.front()[i] = static_cast<uint32_t>(i);
  for (const SliceColumn& slice : slices) {
    MeasuredColumn column{
        .name = slice.name, .groups = group_rows(std::span(&slice, 1)), .first = 0};
    std::erase_if(column.groups, [&](const RowGroup& group) {
      return judged_of(outcome, group.rows, options).count < kGroupRowsMin;
    });
    if (column.groups.size() > kGroupsMax) column.groups.resize(kGroupsMax);
    column.first = plan.groups.size();
    for (const RowGroup& group : column.groups) plan.groups.push_back(group.rows);
    plan.columns.push_back(std::move(column));
  }
  return plan;
}

/// The evidence in the making.
class Measured {
 public:
  Measured(const GroupMeasures& measures, const MeasureOptions& options)
      : measures_(measures), options_(options) {}

  void add_group(size_t group, const std::string& slice, const Judged& judged) {
    for (size_t m = 0; m < kMeasureCount; ++m) {
      const bool is_of_groups = m < kMetricsOfGroups || m >= static_cast<size_t>(Measure::rmse);
      if (!slice.empty() && !is_of_groups) continue;
      const auto measure = static_cast<Measure>(m);
      std::vector<double> resampled(measures_.resamples());
      for (size_t r = 0; r < resampled.size(); ++r) {
        resampled[r] = measures_.value(r, group, measure);
      }
      add(kMeasureNames[m], measures_.value(group, measure), slice, judged, std::move(resampled),
          chance_of(measure));
    }
  }

  void add_gaps(const Outcome& rows, const MeasuredColumn& column) {
    GroupMeasures of_column;
    const auto of = [&](const std::vector<Measures>& all, size_t at) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(at + column.first);
      return std::pair(first, first + std::ssize(column.groups));
    };
    const auto [begin, end] = of(measures_.point, 0);
    of_column.point.assign(begin, end);
    for (size_t r = 0; r < measures_.resamples(); ++r) {
      const auto [from, to] = of(measures_.resampled, r * measures_.point.size());
      of_column.resampled.insert(of_column.resampled.end(), from, to);
    }
    const GroupGaps gaps(rows, options_.threshold, column.groups, of_column);
    for (const GapKind& kind : gap_kinds().first(kGapsOfQuality)) {
      const std::vector<size_t> judged = gaps.judged(kind.measure);
      if (judged.size() < 2) continue;
      MetricSeries series = gaps.series(kind);
      add(kind.name, series.value, "by " + column.name, {.count = gaps.row_count(judged)},
          std::move(series.resampled), Chance::up);
    }
  }

  [[nodiscard]] std::vector<Evidence> take() { return std::move(evidence_); }

 private:
  void add(const char* metric, double value, const std::string& slice, const Judged& judged,
           std::vector<double> resampled, Chance chance) {
    if (std::isnan(value)) return;
    Evidence measured{.metric = metric,
                      .value = value,
                      .lower = std::nullopt,
                      .upper = std::nullopt,
                      .slice = slice,
                      .row_count = judged.count,
                      .data = options_.data,
                      .inputs = options_.inputs,
                      .note = judged.note};
    set_interval(std::move(resampled), chance, measured);
    evidence_.push_back(std::move(measured));
  }

  const GroupMeasures& measures_;
  const MeasureOptions& options_;
  std::vector<Evidence> evidence_;
};

/// Rows in the order of their predictions, which is the one that intervals are drawn by; of several
/// classes by the probability of the first one.
struct RankedOutcome {
  std::vector<double> label, prediction;
  std::vector<uint32_t> query;
  std::vector<std::vector<std::string>> texts;
  std::vector<SliceColumn> slices;

  RankedOutcome(const Outcome& rows, const std::vector<SliceColumn>& columns, size_t class_count) {
    const size_t width = std::max<size_t>(class_count, 1);
    std::vector<double> key;
    key.reserve(rows.label.size());
    for (size_t row = 0; row < rows.label.size(); ++row)
      key.push_back(rows.prediction[row * width]);
    const std::vector<uint32_t> order = rank_rows({rows.label, key});
    for (const uint32_t row : order) {
      label.push_back(rows.label[row]);
      if (!rows.query.empty()) query.push_back(rows.query[row]);
      const auto told = rows.prediction.subspan(row * width, width);
      prediction.insert(prediction.end(), told.begin(), told.end());
    }
    texts.resize(columns.size());
    for (size_t c = 0; c < columns.size(); ++c) {
      for (const uint32_t row : order) texts[c].push_back(columns[c].values[row]);
      slices.push_back({columns[c].name, texts[c]});
    }
  }
  [[nodiscard]] Outcome outcome() const { return {label, prediction, query}; }
};

}  // namespace

Result<std::vector<Evidence>> measure_quality(const Outcome& rows,
                                              const std::vector<SliceColumn>& slices,
                                              const MeasureOptions& options) {
  MILLGATE_TRY(check_outcome(rows, slices, options));
  const RankedOutcome ranked(rows, slices, options.class_count);
  const Plan plan = plan_groups(ranked.outcome(), ranked.slices, options);
  const GroupMeasures measures = measure_groups(ranked.outcome(), plan.groups, options);
  Measured measured(measures, options);
  const auto judged = [&](size_t group) {
    return judged_of(ranked.outcome(), plan.groups[group], options);
  };
  measured.add_group(0, "", judged(0));
  for (const MeasuredColumn& column : plan.columns) {
    for (size_t g = 0; g < column.groups.size(); ++g) {
      measured.add_group(column.first + g, column.name + "=" + column.groups[g].name,
                         judged(column.first + g));
    }
  }
  if (!options.regression && !options.ranking && options.class_count == 0) {
    for (const MeasuredColumn& column : plan.columns) measured.add_gaps(ranked.outcome(), column);
  }
  return measured.take();
}

}  // namespace millgate
