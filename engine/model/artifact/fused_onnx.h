/// A model as one graph of ONNX: features, scorer, calibration and what surrounds them.
/// docs/guides/onnx.md.
#pragma once

#include <cstdint>
#include <string>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct FusedOnnx {
  std::string bytes;
  std::string scorer;  ///< Scorer::describe.
  int64_t input_count = 0;
  int64_t feature_count = 0;
  int64_t node_count = 0;
};

/// Inputs and missing values as write_onnx_features has them; outputs, each [rows, 1]:
/// `probability` and `decision` (0 or 1), or `value`; with `uncertainty` also `lower` and `upper`,
/// or `may_be_true` and `may_be_false`. Everything is computed in doubles. Sums of leaves may be
/// added in another order, and sin, cos, exp, log and pow are the runtime's, so that a tree that
/// splits between two roundings of them goes another way; else the branches are those of
/// Model::predict. Same model, same bytes.
///
/// Errors: those of Model::load; `invalid_input` for a model that is ONNX already or has a column
/// that is called like an output, and as write_onnx_features.
[[nodiscard]] Result<FusedOnnx> write_fused_onnx(const ObjectStore& objects, const Id& model);

}  // namespace millgate
