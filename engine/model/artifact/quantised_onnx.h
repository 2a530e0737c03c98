/// ONNX models with weights of 8 bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

struct QuantisedOnnx {
  std::string bytes;
  int64_t weight_count = 0;  ///< Tensors that became smaller.
};

/// The model with weights of MatMul, Gemm and Conv as whole numbers of 8 bits, each with a
/// DequantizeLinear before its use, so that everything is still computed in floats. By output
/// channel c and symmetric (zero is 0): scale(c) = max |w| / 127 over the channel, 1 where all of
/// it is 0, and q = w / scale(c) rounded to the nearest, halves to even, all in floats. A tensor
/// that would not take fewer bytes so, or holds no number, stays as it is. Same model, same bytes.
///
/// Errors: `invalid_input` where there is no such weight (of trees it says why), or the operators
/// are older than opset 13, whose DequantizeLinear has no channels; `damaged` for bytes that are no
/// model.
[[nodiscard]] Result<QuantisedOnnx> quantise_onnx(std::string_view bytes);

}  // namespace millgate
