/// What disturbed inputs do to predictions: how many decisions flip, how far predictions move.
#pragma once

#include <span>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"
#include "model/measure/row_slice.h"

namespace millgate {

/// Predictions for the same rows, one a row.
struct ChangedPredictions {
  std::span<const double> before;
  std::span<const double> after;
};

/// `decision_flip_rate` (binary tasks: decisions at the threshold of `options`),
/// `prediction_rise_rate`, `prediction_fall_rate`, `prediction_change_mean` and
/// `prediction_change_max` of each slice; intervals are those of measure_slices, the largest change
/// has none. Too small slices are told as there. Errors: as measure_slices.
[[nodiscard]] Result<MeasuredSlices> measure_change(const ChangedPredictions& rows,
                                                    const std::vector<RowSlice>& slices,
                                                    const MeasureOptions& options);

}  // namespace millgate
