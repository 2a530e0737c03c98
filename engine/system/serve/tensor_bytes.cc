#include "system/serve/tensor_bytes.h"

#include <simdjson.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include "ground/clock.h"
#include "system/serve/json_text.h"

namespace millgate {

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie");

/// Doubles from here on are not every integer.
constexpr double kExactMax = 9007199254740992.0;

Error in_row(size_t row, std::string what, std::string hint = {}) {
  return invalid_input("row " + std::to_string(row) + " " + std::move(what), std::move(hint));
}

template <typename T>
T load(std::string_view bytes, size_t row) {
  T value;
  std::memcpy(&value, bytes.data() + row * sizeof value, sizeof value);
  return value;
}

/// IEEE 754 binary16: sign, five bits of exponent, ten of fraction.
double half_to_double(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double size = 0;
  if (exponent == 31) {
    size = fraction == 0 ? std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(fraction, -24);
  } else {
    size = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -size : size;
}

double float_at(TensorDatatype datatype, std::string_view bytes, size_t row) {
  switch (datatype) {
    case TensorDatatype::fp16:
      return half_to_double(load<uint16_t>(bytes, row));
    case TensorDatatype::bf16:
      return std::bit_cast<float>(static_cast<uint32_t>(load<uint16_t>(bytes, row)) << 16);
    case TensorDatatype::fp32:
      return load<float>(bytes, row);
    default:
      return load<double>(bytes, row);
  }
}

/// Nothing where it is beyond 64 bits with a sign.
std::optional<int64_t> integer_at(TensorDatatype datatype, std::string_view bytes, size_t row) {
  switch (datatype) {
    case TensorDatatype::uint8:
      return load<uint8_t>(bytes, row);
    case TensorDatatype::uint16:
      return load<uint16_t>(bytes, row);
    case TensorDatatype::uint32:
      return load<uint32_t>(bytes, row);
    case TensorDatatype::uint64: {
      const auto value = load<uint64_t>(bytes, row);
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
      return static_cast<int64_t>(value);
    }
    case TensorDatatype::int8:
      return load<int8_t>(bytes, row);
    case TensorDatatype::int16:
      return load<int16_t>(bytes, row);
    case TensorDatatype::int32:
      return load<int32_t>(bytes, row);
    default:
      return load<int64_t>(bytes, row);
  }
}

Status check_size(size_t element, std::string_view bytes, size_t rows) {
  if (bytes.size() % element == 0 && bytes.size() / element == rows) return {};
  return invalid_input("the shape says " + std::to_string(rows) + " values of " +
                       std::to_string(element) + (element == 1 ? " byte" : " bytes") +
                       ", the binary data has " + std::to_string(bytes.size()) + " bytes");
}

/// Calls `set` with each element of BYTES.
template <typename Set>
Status each_text(std::string_view bytes, size_t rows, const Set& set) {
  for (size_t row = 0; row < rows; ++row) {
    constexpr size_t kLengthBytes = sizeof(uint32_t);
    if (bytes.size() < kLengthBytes) {
      return in_row(
          row, "of the binary data is missing: the shape says " + std::to_string(rows) + " texts");
    }
    const auto length = load<uint32_t>(bytes, 0);
    bytes.remove_prefix(kLengthBytes);
    if (bytes.size() < length) {
      return in_row(row, "says that it has " + std::to_string(length) + " bytes, but only " +
                             std::to_string(bytes.size()) + " follow");
    }
    const std::string_view text = bytes.substr(0, length);
    if (!simdjson::validate_utf8(text.data(), text.size())) {
      return in_row(row, "is not UTF-8", "encode texts before they are sent");
    }
    MILLGATE_TRY(set(row, text));
    bytes.remove_prefix(length);
  }
  if (bytes.empty()) return {};
  return invalid_input("the binary data has " + std::to_string(bytes.size()) +
                       " bytes more than the shape says");
}

Status set_text(Vector& column, size_t row, std::string_view text) {
  column.valid[row] = 1;
  if (column.type == ValueType::text) {
    column.texts[row] = text;
    return {};
  }
  if (column.type == ValueType::time) {
    const Result<Time> time = parse_time(text);
    if (!time.ok()) return in_row(row, "is no time: " + time.error().what, time.error().hint);
    column.integers[row] = time->micros;
    return {};
  }
  const Result<int64_t> micros = parse_duration_micros(text);
  if (!micros.ok()) return in_row(row, "is no duration: " + micros.error().what);
  column.integers[row] = *micros;
  return {};
}

Status read_booleans(std::string_view bytes, Vector& column) {
  MILLGATE_TRY(check_size(1, bytes, column.size()));
  for (size_t row = 0; row < column.size(); ++row) {
    const auto value = load<uint8_t>(bytes, row);
    if (value > 1) return in_row(row, "is the byte " + std::to_string(value) + ", not 0 or 1");
    column.valid[row] = 1;
    column.integers[row] = value;
  }
  return {};
}

Status read_integers(TensorDatatype datatype, std::string_view bytes, Vector& column) {
  MILLGATE_TRY(check_size(element_bytes(datatype), bytes, column.size()));
  for (size_t row = 0; row < column.size(); ++row) {
    const std::optional<int64_t> value = integer_at(datatype, bytes, row);
    column.valid[row] = 1;
    if (column.type == ValueType::number) {
      column.numbers[row] =
          value ? static_cast<double>(*value) : static_cast<double>(load<uint64_t>(bytes, row));
      continue;
    }
    if (!value) return in_row(row, "is beyond 64 bits with a sign");
    column.integers[row] = *value;
  }
  return {};
}

Status read_floats(TensorDatatype datatype, std::string_view bytes, Vector& column) {
  MILLGATE_TRY(check_size(element_bytes(datatype), bytes, column.size()));
  for (size_t row = 0; row < column.size(); ++row) {
    const double value = float_at(datatype, bytes, row);
    if (std::isnan(value)) continue;
    if (std::isinf(value)) return in_row(row, "is infinite", "a value that is not known is NaN");
    column.valid[row] = 1;
    if (column.type == ValueType::number) {
      column.numbers[row] = value;
      continue;
    }
    if (std::trunc(value) != value || std::abs(value) > kExactMax) {
      std::string text;
      append_json_number(text, value);
      return in_row(row, "is " + text + ", but the column holds integers");
    }
    column.integers[row] = static_cast<int64_t>(value);
  }
  return {};
}

}  // namespace

Status read_tensor_bytes(TensorDatatype datatype, std::string_view bytes, Vector& column) {
  if (datatype == TensorDatatype::boolean) return read_booleans(bytes, column);
  if (is_integer(datatype)) return read_integers(datatype, bytes, column);
  if (is_float(datatype)) return read_floats(datatype, bytes, column);
  return each_text(bytes, column.size(),
                   [&](size_t row, std::string_view text) { return set_text(column, row, text); });
}

Status read_tensor_bytes_as_text(TensorDatatype datatype, std::string_view bytes, Vector& column) {
  if (datatype == TensorDatatype::bytes) return read_tensor_bytes(datatype, bytes, column);
  Vector values;
  values.reset(datatype == TensorDatatype::boolean ? ValueType::boolean
               : is_float(datatype)                ? ValueType::number
                                                   : ValueType::integer,
               column.size());
  MILLGATE_TRY(read_tensor_bytes(datatype, bytes, values));
  for (size_t row = 0; row < column.size(); ++row) {
    column.valid[row] = values.valid[row];
    if (values.valid[row] == 0) continue;
    std::string& text = column.texts[row];
    if (values.type == ValueType::boolean) text = values.integers[row] != 0 ? "true" : "false";
    if (values.type == ValueType::number) append_json_number(text, values.numbers[row]);
    if (values.type == ValueType::integer) append_json_integer(text, values.integers[row]);
  }
  return {};
}

void append_tensor_bool(std::string& out, bool value) { out += value ? '\1' : '\0'; }

void append_tensor_double(std::string& out, double value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

void append_tensor_text(std::string& out, std::string_view value) {
  const auto length = static_cast<uint32_t>(value.size());
  char bytes[sizeof length];
  std::memcpy(bytes, &length, sizeof length);
  out.append(bytes, sizeof bytes).append(value);
}

}  // namespace millgate
