/// Metrics of a model as they are and on bootstrap resamples, to compute with them further.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"

namespace millgate {

/// One metric: over the rows, and over each resample of them.
struct MetricSeries {
  double value = 0;               ///< NaN where it is not defined.
  std::vector<double> resampled;  ///< `MeasureOptions::resamples` of them, NaN where not defined.
};

/// Which rows count, and how they are grouped.
struct SeriesRows {
  std::vector<uint32_t> rows;        ///< Row numbers for the metrics of rows, each once.
  std::vector<SliceColumn> columns;  ///< Gaps and ratios are between their groups, of all rows.
};

/// Whether labels and predictions are all that `metric` needs.
[[nodiscard]] bool has_series(std::string_view metric);

/// One series for each of `metrics`, for which `has_series`. What is drawn depends on seed and
/// number of rows only: series of two models for the same rows are paired, value by value. Gaps
/// judge the groups that `measure_fairness` does.
///
/// Errors: as measure_quality; `invalid_input` for a gap but of a binary task, or without columns.
[[nodiscard]] Result<std::vector<MetricSeries>> measure_series(const Outcome& rows,
                                                               std::span<const std::string> metrics,
                                                               const SeriesRows& which,
                                                               const MeasureOptions& options);

}  // namespace millgate
