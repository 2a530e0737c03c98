/// The row layer packed for the browser's evaluator: what FeatureProgram::evaluate does, as data.
#pragma once

#include <cstdint>

#include "data/feature/evaluator_memory.h"
#include "data/feature/program.h"
#include "ground/error.h"

namespace millgate {

/// Addresses of the parts. Input i is read from slot i.
struct PackedFeatures {
  uint32_t slots = 0;
  uint32_t instructions = 0;
  uint32_t instruction_count = 0;
  uint32_t outputs = 0;
  uint32_t output_count = 0;
  uint32_t column_count = 0;  ///< Numbers that the outputs give together.
};
inline constexpr uint32_t kEvaluatorSlotBytes = 16;

/// Values equal those of `evaluate` bit by bit where the functions of mathematics (log, sin ...)
/// of the evaluator give the same bits. Adds to `memory`.
///
/// Errors: `invalid_input` as write_c_features (c_features.h): the same functions have no
/// counterpart.
[[nodiscard]] Result<PackedFeatures> pack_features(const FeatureProgram& features,
                                                   EvaluatorMemory& memory);

}  // namespace millgate
