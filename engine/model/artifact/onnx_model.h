/// Models in ONNX, run by ONNX Runtime. Inside the room; for others: model_format.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/artifact/ensemble.h"

namespace millgate {

/// The scorer of an ONNX model. Rows go in either as one tensor [rows, features] or as a tensor
/// [rows, 1] (or [rows]) a feature, of float, double, int32 or int64; a missing value is NaN, or -1
/// where the model takes whole numbers. Out comes the last output that is a tensor of float or
/// double: one column, two of which the second is the probability of yes, or the probabilities of
/// as many classes.
///
/// A row is always run by itself: libraries of matrices round otherwise in larger batches, and a
/// prediction must not depend on the rows beside it.
///
/// Errors: `invalid_input` with the runtime's own words for what it cannot load (corrupt bytes,
/// operators that it does not know), for inputs and outputs of another form, and for weights in
/// other files; `outside` without the runtime.
[[nodiscard]] Result<std::shared_ptr<const Scorer>> load_onnx(std::string_view bytes);

/// Names of its inputs where there is one a feature; else empty. Errors: as load_onnx.
[[nodiscard]] Result<std::vector<std::string>> onnx_feature_names(std::string_view bytes);

}  // namespace millgate
