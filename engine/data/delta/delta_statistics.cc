#include "data/delta/delta_statistics.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <cmath>
#include <optional>

#include "data/table/arrow_result.h"
#include "data/table/type_name.h"
#include "data/table/value_text.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr size_t kTextBytesMax = 256;
constexpr int32_t kExactDigits = 15;  ///< Of a decimal that a double gives back.

/// "2013-01-01T10:00:00.123Z", at or before `micros`, or with `up` at or after it.
std::string milliseconds_text(int64_t micros, bool up, bool zoned) {
  int64_t millis = micros / 1000;
  if (millis * 1000 > micros) --millis;
  if (up && millis * 1000 < micros) ++millis;
  return timestamp_text({.micros = millis * 1000, .zoned = zoned});
}

std::optional<Json> extreme_of(const arrow::Scalar& value, bool maximum) {
  if (!value.is_valid) return std::nullopt;
  switch (value.type->id()) {
    case arrow::Type::INT64:
      return Json(static_cast<const arrow::Int64Scalar&>(value).value);
    case arrow::Type::DOUBLE: {
      const double number = static_cast<const arrow::DoubleScalar&>(value).value;
      if (!std::isfinite(number)) return std::nullopt;
      return Json(number);
    }
    case arrow::Type::STRING: {
      const std::string_view text = static_cast<const arrow::StringScalar&>(value).view();
      if (text.size() > kTextBytesMax) return std::nullopt;
      return Json(std::string(text));
    }
    case arrow::Type::DATE32:
      return Json(date_text(static_cast<const arrow::Date32Scalar&>(value).value));
    case arrow::Type::TIMESTAMP: {
      const auto& type = static_cast<const arrow::TimestampType&>(*value.type);
      return Json(milliseconds_text(static_cast<const arrow::TimestampScalar&>(value).value,
                                    maximum, !type.timezone().empty()));
    }
    case arrow::Type::DECIMAL128: {
      if (static_cast<const arrow::DecimalType&>(*value.type).precision() > kExactDigits) {
        return std::nullopt;
      }
      return Json(std::stod(value.ToString()));
    }
    default:
      return std::nullopt;
  }
}

bool has_extremes(const arrow::DataType& type) {
  return type.id() != arrow::Type::BOOL && type.id() != arrow::Type::BINARY;
}

/// Delta orders NaN above all numbers, others leave it out: a file with one has no extremes.
bool holds_nan(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::DOUBLE) return false;
  const auto& numbers = static_cast<const arrow::DoubleArray&>(column);
  for (int64_t row = 0; row < numbers.length(); ++row) {
    if (numbers.IsValid(row) && std::isnan(numbers.Value(row))) return true;
  }
  return false;
}

}  // namespace

Result<std::string> delta_statistics(const arrow::RecordBatch& rows) {
  // Else only the casts are there.
  static const arrow::Status functions = arrow::compute::Initialize();
  MILLGATE_ARROW_TRY(functions, "functions of Arrow");
  Json minima = Json::object();
  Json maxima = Json::object();
  Json nulls = Json::object();
  for (int i = 0; i < rows.num_columns(); ++i) {
    const auto& column = rows.column(i);
    const std::string& name = rows.schema()->field(i)->name();
    // Statistics of parts would be wanted of a struct, and none of a list: readers differ.
    if (is_nested_type(*column->type())) continue;
    nulls[name] = column->null_count();
    if (!has_extremes(*column->type()) || holds_nan(*column)) continue;
    MILLGATE_ARROW(const auto both, arrow::compute::MinMax(column), "column `" + name + "`");
    const auto& pair = static_cast<const arrow::StructScalar&>(*both.scalar());
    const auto minimum = extreme_of(*pair.value[0], false);
    const auto maximum = extreme_of(*pair.value[1], true);
    if (minimum) minima[name] = *minimum;
    if (maximum) maxima[name] = *maximum;
  }
  return dump_json(Json{{"numRecords", rows.num_rows()},
                        {"minValues", std::move(minima)},
                        {"maxValues", std::move(maxima)},
                        {"nullCount", std::move(nulls)}});
}

}  // namespace millgate
