#include "data/table/row_key.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "data/table/cell_json.h"
#include "data/table/column_type.h"
#include "data/table/type_name.h"
#include "data/table/value_text.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;
constexpr char kNull = '\0';
constexpr char kPresent = '\1';

void put_ordered(uint64_t value, std::string& out) {
  // Keys of all rows of a table are made so: one store instead of eight.
  const uint64_t bytes =
      std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
  char text[sizeof(bytes)];
  std::memcpy(text, &bytes, sizeof(bytes));
  out.append(text, sizeof(text));
}

void put_signed(int64_t value, std::string& out) {
  put_ordered(static_cast<uint64_t>(value) ^ kSignBit, out);
}

void put_double(double value, std::string& out) {
  if (std::isnan(value)) return put_ordered(~uint64_t{0}, out);
  if (value == 0) value = 0;  // -0.0 becomes 0.0.
  const auto bits = std::bit_cast<uint64_t>(value);
  put_ordered((bits & kSignBit) != 0 ? ~bits : bits | kSignBit, out);
}

/// Zero bytes are escaped, so that the end mark is below everything a text can go on with.
void put_text(std::string_view text, std::string& out) {
  size_t begin = 0;
  for (size_t zero; (zero = text.find('\0', begin)) != std::string_view::npos; begin = zero + 1) {
    out.append(text.substr(begin, zero - begin));
    out.append("\0\xff", 2);
  }
  out.append(text.substr(begin));
  out.append("\0\0", 2);
}

/// Little-endian two's complement, made big-endian without sign.
void put_decimal(const uint8_t* bytes, std::string& out) {
  for (int i = 15; i >= 0; --i) {
    out += static_cast<char>(i == 15 ? bytes[i] ^ 0x80 : bytes[i]);
  }
}

template <typename ArrayType>
const ArrayType& as(const arrow::Array& column) {
  return static_cast<const ArrayType&>(column);
}

void put_value(const arrow::Array& column, int64_t row, std::string& out) {
  if (column.IsNull(row)) {
    out += kNull;
    return;
  }
  out += kPresent;
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      out += as<arrow::BooleanArray>(column).Value(row) ? '\1' : '\0';
      return;
    case arrow::Type::INT64:
      return put_signed(as<arrow::Int64Array>(column).Value(row), out);
    case arrow::Type::DOUBLE:
      return put_double(as<arrow::DoubleArray>(column).Value(row), out);
    case arrow::Type::DATE32:
      return put_signed(as<arrow::Date32Array>(column).Value(row), out);
    case arrow::Type::TIMESTAMP:
      return put_signed(as<arrow::TimestampArray>(column).Value(row), out);
    case arrow::Type::TIME64:
      return put_signed(as<arrow::Time64Array>(column).Value(row), out);
    case arrow::Type::DECIMAL128:
      return put_decimal(as<arrow::Decimal128Array>(column).GetValue(row), out);
    default:
      return put_text(as<arrow::BinaryArray>(column).GetView(row), out);
  }
}

}  // namespace

size_t RowKeys::lower_bound(std::string_view key, size_t from) const {
  size_t end = size();
  while (from < end) {
    const size_t middle = from + (end - from) / 2;
    if ((*this)[middle] < key) {
      from = middle + 1;
    } else {
      end = middle;
    }
  }
  return from;
}

Result<RowKeyEncoder> RowKeyEncoder::make(const arrow::Schema& schema,
                                          const std::vector<std::string>& key) {
  RowKeyEncoder encoder;
  for (const std::string& name : key) {
    const int index = schema.GetFieldIndex(name);
    if (index < 0) {
      return invalid_input("the key names column `" + name + "`, which the table has not",
                           name_hint(name, schema.field_names()));
    }
    const auto& type = schema.field(index)->type();
    const auto table_type = table_type_of(*type);
    if (is_nested_type(*type)) {
      return invalid_input("column `" + name + "` of the key is of type " + type_name(*type) +
                               ", which a table cannot be sorted by",
                           "a key is made of plain values: name other columns, or commit a member "
                           "of it as a column of its own");
    }
    if (table_type == nullptr || !table_type->Equals(*type)) {
      return invalid_input("column `" + name + "` of the key is of type " + type->ToString() +
                           ", which a table cannot be sorted by");
    }
    encoder.columns_.push_back(index);
  }
  return encoder;
}

void RowKeyEncoder::encode(const arrow::RecordBatch& batch, RowKeys& keys) const {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  columns.reserve(columns_.size());
  for (const int index : columns_) columns.push_back(batch.column(index));
  const auto row_count = static_cast<size_t>(batch.num_rows());
  keys.ends_.reserve(keys.ends_.size() + row_count);
  // A number with its mark; texts make it longer as they come.
  constexpr size_t kValueBytes = 9;
  keys.bytes_.reserve(keys.bytes_.size() + kValueBytes * columns.size() * row_count);
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (const auto& column : columns) put_value(*column, row, keys.bytes_);
    keys.ends_.push_back(keys.bytes_.size());
  }
}

void RowKeyEncoder::encode_row(const arrow::RecordBatch& batch, int64_t row,
                               std::string& key) const {
  for (const int index : columns_) put_value(*batch.column(index), row, key);
}

std::string RowKeyEncoder::describe(const arrow::RecordBatch& batch, int64_t row) const {
  std::string text;
  for (const int index : columns_) {
    if (!text.empty()) text += ", ";
    text += batch.schema()->field(index)->name() + " = " + value_text(*batch.column(index), row);
  }
  return text;
}

namespace {

/// With all places of its type and no exponent, which people and other programs do not expect.
std::string decimal_text(const arrow::Decimal128Array& column, int64_t row) {
  const arrow::Decimal128 value(column.GetValue(row));
  const int32_t scale = static_cast<const arrow::DecimalType&>(*column.type()).scale();
  if (scale <= 0) return value.ToString(scale);
  std::string digits = arrow::Decimal128(arrow::Decimal128::Abs(value)).ToIntegerString();
  const auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, ".");
  return (value.IsNegative() ? "-" : "") + digits;
}

}  // namespace

std::string value_text(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return "null";
  switch (column.type_id()) {
    case arrow::Type::DECIMAL128:
      return decimal_text(as<arrow::Decimal128Array>(column), row);
    case arrow::Type::STRING:
      return std::string(as<arrow::StringArray>(column).GetView(row));
    case arrow::Type::DOUBLE:
      return number_text(as<arrow::DoubleArray>(column).Value(row));
    case arrow::Type::DATE32:
      return date_text(as<arrow::Date32Array>(column).Value(row));
    case arrow::Type::TIMESTAMP: {
      const auto& type = static_cast<const arrow::TimestampType&>(*column.type());
      return timestamp_text({.micros = as<arrow::TimestampArray>(column).Value(row),
                             .zoned = !type.timezone().empty()});
    }
    case arrow::Type::BINARY: {
      constexpr std::string_view kDigits = "0123456789abcdef";
      std::string text;
      for (const char c : as<arrow::BinaryArray>(column).GetView(row)) {
        const auto byte = static_cast<unsigned char>(c);
        text += {kDigits[byte >> 4], kDigits[byte & 15]};
      }
      return text;
    }
    case arrow::Type::FLOAT:
      return number_text(shortest_double(as<arrow::FloatArray>(column).Value(row)));
    case arrow::Type::LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
      return dump_json(cell_json(column, row, NotFinite::text));
    default: {
      const auto scalar = column.GetScalar(row);
      return scalar.ok() ? (*scalar)->ToString() : "?";
    }
  }
}

}  // namespace millgate
