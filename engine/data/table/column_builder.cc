#include "data/table/column_builder.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/builder.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "data/table/arrow_result.h"
#include "data/table/cell_cast.h"
#include "data/table/type_name.h"
#include "data/table/value_text.h"

namespace millgate {

struct ColumnBuilder::State {
  std::unique_ptr<arrow::ArrayBuilder> builder;  ///< Null for nested types.
  arrow::Status failed;                          ///< The first failure; `finish` gives it back.
  /// Of a nested type: builders of the items, of the members, or of keys and values.
  std::vector<ColumnBuilder> parts;
  arrow::TypedBufferBuilder<bool> valid;
  arrow::TypedBufferBuilder<int32_t> ends;  ///< Of the slots of a list or map, in their parts.
  int64_t part_length = 0;                  ///< Items, or entries.

  template <typename Builder, typename Value>
  void append(Value value) {
    note(static_cast<Builder&>(*builder).Append(value));
  }
  void note(const arrow::Status& status) {
    if (!status.ok() && failed.ok()) failed = status;
  }
  void end_slot(bool is_valid) {
    note(valid.Append(is_valid));
    note(ends.Append(static_cast<int32_t>(part_length)));
  }
};

ColumnBuilder::ColumnBuilder(std::shared_ptr<arrow::DataType> type, std::unique_ptr<State> state)
    : type_(std::move(type)), state_(std::move(state)) {}
ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;
ColumnBuilder& ColumnBuilder::operator=(ColumnBuilder&&) noexcept = default;
ColumnBuilder::~ColumnBuilder() = default;

namespace {

/// The types of the parts of a nested type.
std::vector<std::shared_ptr<arrow::DataType>> part_types(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    return {map.key_type(), map.item_type()};
  }
  std::vector<std::shared_ptr<arrow::DataType>> parts;
  for (const auto& field : type.fields()) parts.push_back(field->type());
  return parts;
}

bool holds_bytes(const arrow::DataType& type) {
  if (type.id() == arrow::Type::BINARY) return true;
  if (!is_nested_type(type)) return false;
  const auto parts = part_types(type);
  return std::any_of(parts.begin(), parts.end(),
                     [](const auto& part) { return holds_bytes(*part); });
}

}  // namespace

Result<ColumnBuilder> ColumnBuilder::make(const std::shared_ptr<arrow::DataType>& type) {
  if (holds_bytes(*type)) {
    return invalid_input("a column of type " + type_name(*type) + " cannot be read from text",
                         "give the rows as Parquet");
  }
  return make_with_bytes(type);
}

Result<ColumnBuilder> ColumnBuilder::make_with_bytes(const std::shared_ptr<arrow::DataType>& type) {
  auto state = std::make_unique<State>();
  if (is_nested_type(*type)) {
    for (const auto& part : part_types(*type)) {
      MILLGATE_ASSIGN(ColumnBuilder builder, make_with_bytes(part));
      state->parts.push_back(std::move(builder));
    }
    return ColumnBuilder(type, std::move(state));
  }
  MILLGATE_ARROW(state->builder, arrow::MakeBuilder(type), "a column of type " + type->ToString());
  return ColumnBuilder(type, std::move(state));
}

bool ColumnBuilder::is_text() const { return type_->id() == arrow::Type::STRING; }

void ColumnBuilder::add_null() {
  if (state_->builder != nullptr) return state_->note(state_->builder->AppendNull());
  if (type_->id() == arrow::Type::FIXED_SIZE_LIST) {
    const int32_t size = static_cast<const arrow::FixedSizeListType&>(*type_).list_size();
    for (int32_t i = 0; i < size; ++i) state_->parts[0].add_null();
  } else if (type_->id() == arrow::Type::STRUCT) {
    for (ColumnBuilder& part : state_->parts) part.add_null();
  }
  state_->end_slot(false);
}

bool ColumnBuilder::add_json(const JsonValue& value) {
  using Kind = JsonValue::Kind;
  if (value.kind == Kind::null) {
    add_null();
    return true;
  }
  if (state_->builder == nullptr) return add_parts(value);
  switch (value.kind) {
    case Kind::boolean:
      return add_boolean(value.boolean);
    case Kind::integer:
      return add_integer(value.integer);
    case Kind::number:
      return add_number(value.number, value.text);
    case Kind::big_integer:
      return is_text() && add_text(value.text);
    case Kind::text:
      return add_json_text(value.text);
    default:
      return false;
  }
}

/// A list or an object; its slot ends only when all parts fit.
bool ColumnBuilder::add_parts(const JsonValue& value) {
  using Kind = JsonValue::Kind;
  std::vector<ColumnBuilder>& parts = state_->parts;
  const arrow::Type::type id = type_->id();
  if (value.kind !=
      (id == arrow::Type::STRUCT || id == arrow::Type::MAP ? Kind::object : Kind::list))
    return false;
  if (id == arrow::Type::STRUCT) {
    std::vector<const JsonValue*> members(parts.size());
    for (const JsonValue& member : value.items) {
      const int place = static_cast<const arrow::StructType&>(*type_).GetFieldIndex(member.name);
      if (place < 0) return false;
      members[static_cast<size_t>(place)] = &member;
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      if (members[i] == nullptr) {
        parts[i].add_null();
      } else if (!parts[i].add_json(*members[i])) {
        return false;
      }
    }
  } else if (id == arrow::Type::MAP) {
    for (const JsonValue& entry : value.items) {
      if (!parts[0].add_text(entry.name) || !parts[1].add_json(entry)) return false;
    }
  } else {
    if (id == arrow::Type::FIXED_SIZE_LIST &&
        static_cast<int64_t>(value.items.size()) !=
            static_cast<const arrow::FixedSizeListType&>(*type_).list_size()) {
      return false;
    }
    for (const JsonValue& item : value.items) {
      if (!parts[0].add_json(item)) return false;
    }
  }
  state_->part_length += static_cast<int64_t>(value.items.size());
  state_->end_slot(true);
  return true;
}

bool ColumnBuilder::add_text(std::string_view text) {
  if (is_text()) {
    state_->append<arrow::StringBuilder>(text);
    return true;
  }
  if (state_->builder == nullptr) {
    JsonValue value;
    return parse_json_value(text, value).empty() && value.kind != JsonValue::Kind::null &&
           add_parts(value);
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
    case arrow::Type::FLOAT: {
      const auto value = number_from(text);
      return value && add_float(*value);
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

/// The nearest float, as a text becomes the nearest double.
bool ColumnBuilder::add_float(double value) {
  const auto nearest = static_cast<float>(value);
  if (std::isinf(nearest) && !std::isinf(value)) return false;
  state_->append<arrow::FloatBuilder>(nearest);
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
    case arrow::Type::FLOAT:
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
    case arrow::Type::FLOAT:
      return add_float(value);
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
  if (state_->builder == nullptr) return finish_parts();
  std::shared_ptr<arrow::Array> array;
  MILLGATE_ARROW_TRY(state_->builder->Finish(&array), "a column in memory");
  return array;
}

Result<std::shared_ptr<arrow::Array>> ColumnBuilder::finish_parts() {
  const int64_t length = state_->valid.length();
  const int64_t null_count = state_->valid.false_count();
  std::vector<std::shared_ptr<arrow::ArrayData>> parts;
  for (ColumnBuilder& part : state_->parts) {
    MILLGATE_ASSIGN(const auto cells, part.finish());
    parts.push_back(cells->data());
  }
  std::vector<std::shared_ptr<arrow::Buffer>> buffers(1);
  MILLGATE_ARROW(buffers[0], state_->valid.Finish(), "a column in memory");
  MILLGATE_ARROW(const auto ends, state_->ends.Finish(), "a column in memory");
  state_->part_length = 0;
  const arrow::Type::type id = type_->id();
  if (id == arrow::Type::LIST || id == arrow::Type::MAP) {
    arrow::TypedBufferBuilder<int32_t> offsets;
    MILLGATE_ARROW_TRY(offsets.Append(0), "a column in memory");
    MILLGATE_ARROW_TRY(offsets.Append(ends->data_as<int32_t>(), length), "a column in memory");
    buffers.emplace_back();
    MILLGATE_ARROW(buffers[1], offsets.Finish(), "a column in memory");
  }
  if (id == arrow::Type::MAP) {
    const int64_t entries = parts[0]->length;
    parts = {arrow::ArrayData::Make(static_cast<const arrow::MapType&>(*type_).value_type(),
                                    entries, {nullptr}, std::move(parts), 0)};
  }
  auto column = arrow::MakeArray(
      arrow::ArrayData::Make(type_, length, std::move(buffers), std::move(parts), null_count));
  auto ordered = with_ordered_maps(column);
  if (!ordered.ok()) return invalid_input(ordered.status().message());
  return *std::move(ordered);
}

}  // namespace millgate
