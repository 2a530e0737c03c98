/// How far served columns are from the training rows.
#pragma once

#include <string>
#include <vector>

#include "system/monitor/monitor.h"

namespace millgate {

/// Inline SVG: a bar of the PSI a column, the thresholds "small" and "large" as lines; at most
/// `rows_max` columns, the first ones. Columns that cannot be known are left out. "" if none.
[[nodiscard]] std::string drift_plot(const std::vector<ColumnDrift>& columns, size_t rows_max = 12);

}  // namespace millgate
