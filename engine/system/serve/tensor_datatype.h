/// Datatypes of tensors in the Open Inference Protocol, version 2.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature/vector.h"

namespace millgate {

/// BF16 is the upper half of an FP32; `bytes` are texts.
enum class TensorDatatype {
  boolean,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  fp16,
  bf16,
  fp32,
  fp64,
  bytes
};

/// "BOOL", "FP64", "BYTES".
[[nodiscard]] std::string_view to_string(TensorDatatype datatype);
/// Nothing when there is none of this name.
[[nodiscard]] std::optional<TensorDatatype> parse_tensor_datatype(std::string_view name);
/// All names, for hints.
[[nodiscard]] std::vector<std::string> tensor_datatype_names();
/// Of one element among binary data; 0 for `bytes`, whose elements tell their own.
[[nodiscard]] size_t element_bytes(TensorDatatype datatype);
[[nodiscard]] bool is_integer(TensorDatatype datatype);
[[nodiscard]] bool is_float(TensorDatatype datatype);

/// As which values of `type` are described and best sent. Times and durations are texts.
[[nodiscard]] TensorDatatype datatype_of(ValueType type);
/// Whether a column of `type` can be sent so. Floats fit an integer's column, as libraries of data
/// frames make floats of integers of which some are missing; a fraction is refused when read.
[[nodiscard]] bool fits(TensorDatatype datatype, ValueType type);

}  // namespace millgate
