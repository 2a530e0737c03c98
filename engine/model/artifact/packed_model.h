/// A model packed for the evaluator that a browser runs (evaluator.c): features, scorer,
/// calibration and what surrounds a prediction, as bytes.
#pragma once

#include <cstdint>
#include <string>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct PackedModel {
  std::string bytes;   ///< To be copied to kEvaluatorModelAt.
  uint32_t end = 0;    ///< The evaluator's memory is free from here on.
  uint32_t slots = 0;  ///< Address of input 0; each takes kEvaluatorSlotBytes.
  std::string scorer;  ///< Scorer::describe: "gbdt, 120 trees, 31 leaves".
};

/// Its predictions equal those of Model::predict bit by bit but for the functions of mathematics
/// (exp, log, sin ...), which are those of the C library that the evaluator was linked with. Same
/// model, same bytes.
///
/// Errors: those of Model::load; `invalid_input` for an ONNX model and one of several classes, and
/// as pack_features.
[[nodiscard]] Result<PackedModel> pack_model(const ObjectStore& objects, const Id& model);

}  // namespace millgate
