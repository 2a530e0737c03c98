/// Predictions of a model that is none of the project's: what is known of it comes from tables.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/evidence.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"
#include "system/monitor/windows.h"

namespace millgate {

/// What can be told of the model from its predictions: the kind of its task (binary where every
/// prediction lies in 0 to 1 and every label is 0 or 1) and the threshold of `table`.
[[nodiscard]] Manifest manifest_of_table(const ServedRows& rows, const PredictionTable& table);

/// Compares the rows of `logged` with the reference, columns by name; completes `watch`. Gives the
/// quality on the reference where that has predictions and labels. Columns that only one side has
/// are told in `watch.note`. Every column counts the same: how much the model uses it is not known.
/// Errors: those of reading and comparing.
[[nodiscard]] Result<std::vector<Evidence>> watch_reference(
    const ServedLog& log, const std::string& logged, const Manifest& manifest,
    const ServedRows& rows, const WindowGrid& grid, const MonitorOptions& options,
    ModelWatch& watch);

}  // namespace millgate
