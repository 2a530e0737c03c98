/// How good the answers of one window were, where labels came.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"
#include "system/monitor/windows.h"

namespace millgate {

/// A logged column by which quality is measured: one text a row of the model.
struct ServedSlice {
  std::string name;
  std::vector<std::string> values;
};

/// Takes labels away that cannot be one (a binary task's label that is not 0 or 1); returns how
/// many.
[[nodiscard]] int64_t drop_bad_labels(const Manifest& manifest, std::span<double> labels);

/// Measures the rows of `range`. With too few labels or one class only, the note says what
/// cannot be known. Errors: those of measure_quality.
[[nodiscard]] Result<MonitorWindow> measure_window(const Manifest& manifest, const ServedRows& rows,
                                                   LogRows range,
                                                   const std::vector<ServedSlice>& slices,
                                                   const MonitorOptions& options);

}  // namespace millgate
