/// Skew by replay: logged inputs through the model once more, compared bit by bit.
#pragma once

#include <vector>

#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/monitor/monitor.h"
#include "system/monitor/served_log.h"

namespace millgate {

/// Predicts `inputs` (one row a row of `rows`) with `model` and compares the probabilities with
/// the logged ones. Errors: those of Model::predict.
[[nodiscard]] Result<ReplaySkew> replay_rows(const Model& model, const ServedRows& rows,
                                             const Block& inputs);

}  // namespace millgate
