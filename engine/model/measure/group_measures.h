/// Metrics of groups of rows, and of the same bootstrap resamples of all of them.
/// Inside the room: callers use quality.h, fairness.h and the like.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/measure/quality.h"
#include "model/measure/ranked_rows.h"

namespace millgate {

/// Metrics of each group: as they are, and on each resample.
struct GroupMeasures {
  std::vector<Measures> point;      ///< One a group.
  std::vector<Measures> resampled;  ///< Groups of resample 0, then of resample 1, ...

  [[nodiscard]] size_t resamples() const {
    return point.empty() ? 0 : resampled.size() / point.size();
  }
  [[nodiscard]] double value(size_t group, Measure measure) const {
    return point[group][static_cast<size_t>(measure)];
  }
  [[nodiscard]] double value(size_t resample, size_t group, Measure measure) const {
    return resampled[resample * point.size() + group][static_cast<size_t>(measure)];
  }
};

/// Measures the groups, each a list of row numbers; they may share rows, and hold none.
///
/// Each resample draws as many rows as there are in `rows`, with replacement (the multinomial
/// bootstrap), and all groups and metrics are computed from the same draws. What is drawn depends
/// on seed, number of rows and number of the resample only: two calls for the predictions of two
/// models for the same rows are paired. Uses the threads of the machine; the same numbers on any
/// number of them. Needs 16 bytes a row and thread, and 8 a resample, group and metric.
///
/// `rows` was checked by `check_outcome`.
[[nodiscard]] GroupMeasures measure_groups(const Outcome& rows,
                                           std::span<const std::vector<uint32_t>> groups,
                                           const MeasureOptions& options);

/// What the metrics of a group rest on.
struct Judged {
  int64_t count = 0;      ///< Its rows; of rankings the queries that it holds wholly.
  std::string note = {};  ///< Where some of these cannot be ranked well or badly.
};
[[nodiscard]] Judged judged_of(const Outcome& rows, const std::vector<uint32_t>& group,
                               const MeasureOptions& options);

/// Errors: `invalid_input` when lengths differ, there are no rows or too many, a label is neither
/// 0 nor 1 (binary tasks), a number is not finite, or `resamples` is negative.
[[nodiscard]] Status check_outcome(const Outcome& rows, const std::vector<SliceColumn>& slices,
                                   const MeasureOptions& options);

/// Linear between order statistics, as numpy's default. `sorted` is not empty.
[[nodiscard]] double quantile(const std::vector<double>& sorted, double share);

/// Which way a metric lies by chance alone: resampling moves it further the same way.
enum class Chance {
  neither,
  up,    ///< Gaps and calibration errors: never below 0.
  down,  ///< Ratios of the smallest to the largest: never above 1.
};

/// Of a metric of one group.
[[nodiscard]] Chance chance_of(Measure measure);

/// The 95 % interval of `value` by its `resampled` values: their 2.5 % and 97.5 % quantiles
/// (linear between order statistics). A resample is more extreme than its sample by as much as the
/// sample is than the truth; so where chance has a direction it is the reflected interval,
/// [2 value - q97.5, 2 value - q2.5], cut at 0 (and 1) and widened to hold the value. Nothing where
/// a resample in ten or more is undefined.
void set_interval(std::vector<double> resampled, Chance chance, Evidence& evidence);

}  // namespace millgate
