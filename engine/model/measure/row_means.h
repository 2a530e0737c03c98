/// Means of one number a row, with intervals: shares of rows, sizes, changes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"
#include "model/measure/row_slice.h"

namespace millgate {

/// The mean of `values`, each 0 or more, as `metric` of every slice, with the intervals of
/// measure_slices: it is their mean absolute error against 0. Errors: as measure_slices.
[[nodiscard]] Result<MeasuredSlices> measure_row_means(std::span<const double> values,
                                                       const std::string& metric,
                                                       const std::vector<RowSlice>& slices,
                                                       const MeasureOptions& options);

/// The same over all rows and for the values of slice columns, as measure_quality chooses them.
[[nodiscard]] Result<std::vector<Evidence>> measure_row_means(
    std::span<const double> values, const std::string& metric,
    const std::vector<SliceColumn>& slices, const MeasureOptions& options);

}  // namespace millgate
