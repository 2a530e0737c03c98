/// Watches by the servers' sketches, where the prediction log has no rows of a model.
#pragma once

#include <memory>
#include <string>

#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/sketch/sketch_book.h"
#include "system/monitor/monitor.h"
#include "system/monitor/windows.h"

namespace millgate {

/// The longest windows of sketches of which windows of `window_micros` are made.
[[nodiscard]] SketchSpan sketch_span(int64_t window_micros);

/// The windows of `model` that hold answers of the asked time, by when they were answered.
[[nodiscard]] SketchWindows asked_sketches(const SketchBook& book, const std::string& model,
                                           const MonitorOptions& options);

/// Rows, predictions and drift of inputs and predictions by window of `grid`. Labels cannot be
/// joined, nor rows replayed; which is said. `model` may be null: only rows are told then.
/// Errors: those of comparing profiles.
[[nodiscard]] Result<ModelWatch> watch_sketches(const SketchWindows& sketches,
                                                const std::string& logged, const Model* model,
                                                const WindowGrid& grid,
                                                const MonitorOptions& options);

}  // namespace millgate
