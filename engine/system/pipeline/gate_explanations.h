/// Whether the judged model can be explained. Inside the room.
#pragma once

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/measure/quality.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/gate_rows.h"

namespace millgate {

/// Test rows that are explained: evenly chosen.
inline constexpr size_t kExplainedRows = 500;

/// Adds `additivity_error`, `carrying_features` and `explanation_agreement`; why not, for a model
/// that has no explanations. Errors: as measure_explanations.
[[nodiscard]] Status measure_explanations(const Repository& repository, const Model& model,
                                          const GateRows& rows, const MeasureOptions& options,
                                          GateEvidence& into);

}  // namespace millgate
