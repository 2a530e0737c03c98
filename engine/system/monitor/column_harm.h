/// What the drift of each column does to the model.
#pragma once

#include <optional>
#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/quality.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"

namespace millgate {

/// Sets `harm` of those of `columns` that drifted: the rows since they did are held against
/// `tested`, rows with labels that the model has not learned from (loss_scale.h). An input does
/// what the feature does that reads it and does most. `inputs` are of the served `rows`.
/// Errors: those of predicting.
[[nodiscard]] Status weigh_columns(const Model& model, const Block& inputs, const ServedRows& rows,
                                   const HeldOutRows& tested, const std::optional<Utility>& utility,
                                   std::vector<ColumnDrift>& columns);

}  // namespace millgate
