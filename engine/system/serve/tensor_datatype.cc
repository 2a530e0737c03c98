#include "system/serve/tensor_datatype.h"

#include <array>

namespace millgate {

namespace {

struct Known {
  std::string_view name;
  size_t bytes;
};

/// In the order of TensorDatatype.
constexpr std::array<Known, 14> kKnown = {{{"BOOL", 1},
                                           {"UINT8", 1},
                                           {"UINT16", 2},
                                           {"UINT32", 4},
                                           {"UINT64", 8},
                                           {"INT8", 1},
                                           {"INT16", 2},
                                           {"INT32", 4},
                                           {"INT64", 8},
                                           {"FP16", 2},
                                           {"BF16", 2},
                                           {"FP32", 4},
                                           {"FP64", 8},
                                           {"BYTES", 0}}};

}  // namespace

std::string_view to_string(TensorDatatype datatype) {
  return kKnown.at(static_cast<size_t>(datatype)).name;
}

std::optional<TensorDatatype> parse_tensor_datatype(std::string_view name) {
  for (size_t i = 0; i < kKnown.size(); ++i) {
    if (kKnown.at(i).name == name) return static_cast<TensorDatatype>(i);
  }
  return std::nullopt;
}

std::vector<std::string> tensor_datatype_names() {
  std::vector<std::string> names;
  names.reserve(kKnown.size());
  for (const Known& known : kKnown) names.emplace_back(known.name);
  return names;
}

size_t element_bytes(TensorDatatype datatype) {
  return kKnown.at(static_cast<size_t>(datatype)).bytes;
}

bool is_integer(TensorDatatype datatype) {
  return datatype >= TensorDatatype::uint8 && datatype <= TensorDatatype::int64;
}

bool is_float(TensorDatatype datatype) {
  return datatype >= TensorDatatype::fp16 && datatype <= TensorDatatype::fp64;
}

TensorDatatype datatype_of(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return TensorDatatype::boolean;
    case ValueType::integer:
      return TensorDatatype::int64;
    case ValueType::number:
    case ValueType::list:
      return TensorDatatype::fp64;
    case ValueType::text:
    case ValueType::time:
    case ValueType::duration:
      break;
  }
  return TensorDatatype::bytes;
}

bool fits(TensorDatatype datatype, ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return datatype == TensorDatatype::boolean;
    case ValueType::integer:
    case ValueType::number:
    case ValueType::list:
      return is_integer(datatype) || is_float(datatype);
    default:
      return datatype == TensorDatatype::bytes;
  }
}

}  // namespace millgate
