#include "data/table/column_builder.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "data/table/arrow_result.h"
#include "data/table/value_text.h"

namespace millgate {

struct ColumnBuilder::State {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  arrow::Status failed;  ///< The first failure; `finish` gives it back.

  template <typename Builder, typename Value>
  void append(Value value) {
    note(static_cast<Builder&>(*builder).Append(value));
  }
  void note(const arrow::Status& status) {
    if (!status.ok() && failed.ok()) failed = status;
  }
};

ColumnBuilder::ColumnBuilder(std::shared_ptr<arrow::DataType> type, std::unique_ptr<State> state)
    : type_(std::move(type)), state_(std::move(state)) {}
ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;
ColumnBuilder& ColumnBuilder::operator=(ColumnBuilder&&) noexcept = default;
ColumnBuilder::~ColumnBuilder() = default;

Result<ColumnBuilder> ColumnBuilder::make(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::BINARY) {
    return invalid_input("a column of type " + type->ToString() + " cannot be read from text",
                         "give the rows as Parquet");
  }
  return make_with_bytes(type);
}

Result<ColumnBuilder> ColumnBuilder::make_with_bytes(const std::shared_ptr<arrow::DataType>& type) {
  auto state = std::make_unique<State>();
  MILLGATE_ARROW(state->builder, arrow::MakeBuilder(type), "a column of type " + type->ToString());
  return ColumnBuilder(type, std::move(state));
}

bool ColumnBuilder::is_text() const { return type_->id() == arrow::Type::STRING; }

void ColumnBuilder::add_null() { state_->note(state_->builder->AppendNull()); }

bool ColumnBuilder::add_text(std::string_view text) {
  if (is_text()) {
    state_->append<arrow::StringBuilder>(text);
    return true;
  }
  text = trimmed(text);
  switch (type_->id()) {
    case arrow::Type::BOOL: {
      const auto value = boolean_from(text);
      if (value) state_->append<arrow::BooleanBuilder>(*value);
      return value.has_value();
    }
    case arrow::Type::INT64: {
      const auto value = integer_from(text);
      if (value) state_->append<arrow::Int64Builder>(*value);
      return value.has_value();
    }
    case arrow::Type::DOUBLE: {
      const auto value = number_from(text);
      if (value) state_->append<arrow::DoubleBuilder>(*value);
      return value.has_value();
    }
    default:
      return add_json_text(text);
  }
}

bool ColumnBuilder::add_json_text(std::string_view text) {
  switch (type_->id()) {
    case arrow::Type::STRING:
      state_->append<arrow::StringBuilder>(text);
      return true;
    case arrow::Type::DATE32: {
      const auto value = date_from(text);
      if (value) state_->append<arrow::Date32Builder>(*value);
      return value.has_value();
    }
    case arrow::Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(*type_).timezone().empty();
      const auto value = timestamp_from(text);
      if (!value || value->zoned != zoned) return false;
      state_->append<arrow::TimestampBuilder>(value->micros);
      return true;
    }
    case arrow::Type::TIME64:
      return add_converted_text(text);
    case arrow::Type::DECIMAL128:
      return add_decimal(text);
    default:
      return false;
  }
}

bool ColumnBuilder::add_decimal(std::string_view text) {
  const auto& type = static_cast<const arrow::DecimalType&>(*type_);
  arrow::Decimal128 value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) return false;
  const auto rescaled = value.Rescale(scale, type.scale());
  if (!rescaled.ok() || !rescaled->FitsInPrecision(type.precision())) return false;
  state_->append<arrow::Decimal128Builder>(*rescaled);
  return true;
}

bool ColumnBuilder::add_converted_text(std::string_view text) {
  const auto scalar = arrow::Scalar::Parse(type_, text);
  if (!scalar.ok()) return false;
  state_->note(state_->builder->AppendScalar(**scalar));
  return true;
}

bool ColumnBuilder::add_bytes(std::string_view bytes) {
  if (type_->id() != arrow::Type::BINARY) return false;
  state_->append<arrow::BinaryBuilder>(bytes);
  return true;
}

bool ColumnBuilder::add_boolean(bool value) {
  if (is_text()) return add_text(value ? "true" : "false");
  if (type_->id() != arrow::Type::BOOL) return false;
  state_->append<arrow::BooleanBuilder>(value);
  return true;
}

bool ColumnBuilder::add_integer(int64_t value) {
  switch (type_->id()) {
    case arrow::Type::INT64:
      state_->append<arrow::Int64Builder>(value);
      return true;
    case arrow::Type::DOUBLE:
    case arrow::Type::STRING:
      return add_text(std::to_string(value));
    case arrow::Type::DECIMAL128:
      return add_decimal(std::to_string(value));
    default:
      return false;
  }
}

bool ColumnBuilder::add_number(double value, std::string_view text) {
  switch (type_->id()) {
    case arrow::Type::DOUBLE:
      state_->append<arrow::DoubleBuilder>(value);
      return true;
    case arrow::Type::STRING:
      return add_text(text);
    case arrow::Type::DECIMAL128:
      return add_decimal(text);
    default:
      return false;
  }
}

Result<std::shared_ptr<arrow::Array>> ColumnBuilder::finish() {
  MILLGATE_ARROW_TRY(state_->failed, "a column in memory");
  std::shared_ptr<arrow::Array> array;
  MILLGATE_ARROW_TRY(state_->builder->Finish(&array), "a column in memory");
  return array;
}

}  // namespace millgate
