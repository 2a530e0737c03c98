#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "data/feature/vector.h"
#include "data/table/arrow_result.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

/// Where the values of one Arrow chunk go: rows from `first` on.
struct Target {
  Vector& vector;
  size_t first;
  const std::string& column;
};

template <typename ArrayType, typename Put>
void each_value(const arrow::Array& array, Target target, Put put) {
  const auto& typed = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < typed.length(); ++i) {
    if (typed.IsNull(i)) continue;
    const size_t row = target.first + static_cast<size_t>(i);
    target.vector.valid[row] = put(row, typed.GetView(i)) ? 1 : 0;
  }
}

template <typename ArrayType>
void put_numeric(const arrow::Array& array, Target target) {
  Vector& vector = target.vector;
  if (vector.type == ValueType::number) {
    each_value<ArrayType>(array, target, [&](size_t row, auto value) {
      vector.numbers[row] = static_cast<double>(value);
      return true;
    });
  } else {
    each_value<ArrayType>(array, target, [&](size_t row, auto value) {
      // NOLINTNEXTLINE(bugprone-signed-char-misuse): an int8 has a sign
      vector.integers[row] = static_cast<int64_t>(value);
      return true;
    });
  }
}

template <typename ArrayType>
void put_text(const arrow::Array& array, Target target) {
  each_value<ArrayType>(array, target, [&](size_t row, std::string_view value) {
    target.vector.texts[row] = value;
    return true;
  });
}

/// Times and durations in any unit, as microseconds; what does not fit becomes null.
template <typename ArrayType>
void put_micros(const arrow::Array& array, Target target, int64_t multiply, int64_t divide) {
  each_value<ArrayType>(array, target, [&](size_t row, auto value) {
    int64_t micros = 0;
    if (__builtin_mul_overflow(static_cast<int64_t>(value), multiply, &micros)) return false;
    const int64_t quotient = micros / divide;
    target.vector.integers[row] = quotient - (micros % divide < 0 ? 1 : 0);
    return true;
  });
}

struct UnitFactor {
  int64_t multiply = 1;
  int64_t divide = 1;
};

/// The numbers of one list, whose items are `items` from `first` on.
void put_items(const Vector& items, size_t first, size_t count, NumberList& list) {
  for (size_t i = first; i < first + count; ++i) {
    if (items.valid[i] == 0) {
      list.add_null();
    } else {
      list.add(items.numbers[i]);
    }
  }
}

UnitFactor micros_of(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {1'000'000, 1};
    case arrow::TimeUnit::MILLI:
      return {1000, 1};
    case arrow::TimeUnit::MICRO:
      return {1, 1};
    case arrow::TimeUnit::NANO:
      return {1, 1000};
  }
  return {};
}

Status put_unsigned(const arrow::Array& array, Target target) {
  if (target.vector.type == ValueType::integer) {
    const auto& typed = static_cast<const arrow::UInt64Array&>(array);
    for (int64_t i = 0; i < typed.length(); ++i) {
      if (typed.IsNull(i) || typed.Value(i) <= std::numeric_limits<int64_t>::max()) continue;
      return invalid_input(
          "column `" + target.column + "`: " + std::to_string(typed.Value(i)) + " is too large",
          "integers have 64 bits with a sign; store the column as double");
    }
  }
  put_numeric<arrow::UInt64Array>(array, target);
  return {};
}

Status put_chunk(const std::shared_ptr<arrow::Array>& array, Target target);

Status put_cast(const std::shared_ptr<arrow::Array>& array,
                const std::shared_ptr<arrow::DataType>& type, Target target) {
  MILLGATE_ARROW(const arrow::Datum cast, arrow::compute::Cast(array, type), target.column);
  return put_chunk(cast.make_array(), target);
}

/// Lists of any kind: `ArrayType` tells where each one lies in `values()`. Only the items of its
/// own rows are read: chunks that were cut from one share them.
template <typename ArrayType>
Status put_lists(const arrow::Array& array, Target target) {
  const auto& lists = static_cast<const ArrayType&>(array);
  int64_t begin = lists.values()->length();
  int64_t end = 0;
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.IsNull(i) || lists.value_length(i) == 0) continue;
    begin = std::min<int64_t>(begin, lists.value_offset(i));
    end = std::max<int64_t>(end, lists.value_offset(i) + lists.value_length(i));
  }
  Vector items;
  items.reset(ValueType::number, static_cast<size_t>(std::max<int64_t>(end - begin, 0)));
  if (begin < end) {
    MILLGATE_TRY(put_chunk(lists.values()->Slice(begin, end - begin), {items, 0, target.column}));
  }
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.IsNull(i)) continue;
    const size_t row = target.first + static_cast<size_t>(i);
    target.vector.valid[row] = 1;
    if (lists.value_length(i) == 0) continue;
    put_items(items, static_cast<size_t>(lists.value_offset(i) - begin),
              static_cast<size_t>(lists.value_length(i)), target.vector.lists[row]);
  }
  return {};
}

/// Reads one chunk into a vector whose type fits (`fits` has been asked).
Status put_chunk(const std::shared_ptr<arrow::Array>& array, Target target) {
  const arrow::Array& values = *array;
  switch (values.type_id()) {
    case arrow::Type::NA:
      return {};
    case arrow::Type::BOOL:
      return put_numeric<arrow::BooleanArray>(values, target), Status();
    case arrow::Type::INT8:
      return put_numeric<arrow::Int8Array>(values, target), Status();
    case arrow::Type::INT16:
      return put_numeric<arrow::Int16Array>(values, target), Status();
    case arrow::Type::INT32:
      return put_numeric<arrow::Int32Array>(values, target), Status();
    case arrow::Type::INT64:
      return put_numeric<arrow::Int64Array>(values, target), Status();
    case arrow::Type::UINT8:
      return put_numeric<arrow::UInt8Array>(values, target), Status();
    case arrow::Type::UINT16:
      return put_numeric<arrow::UInt16Array>(values, target), Status();
    case arrow::Type::UINT32:
      return put_numeric<arrow::UInt32Array>(values, target), Status();
    case arrow::Type::UINT64:
      return put_unsigned(values, target);
    case arrow::Type::FLOAT:
      return put_numeric<arrow::FloatArray>(values, target), Status();
    case arrow::Type::DOUBLE:
      return put_numeric<arrow::DoubleArray>(values, target), Status();
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return put_cast(array, arrow::float64(), target);
    case arrow::Type::STRING:
      return put_text<arrow::StringArray>(values, target), Status();
    case arrow::Type::LARGE_STRING:
      return put_text<arrow::LargeStringArray>(values, target), Status();
    case arrow::Type::STRING_VIEW:
      return put_text<arrow::StringViewArray>(values, target), Status();
    case arrow::Type::DICTIONARY:
      return put_cast(array, static_cast<const arrow::DictionaryType&>(*values.type()).value_type(),
                      target);
    case arrow::Type::DATE32:
      return put_micros<arrow::Date32Array>(values, target, kMicrosPerDay, 1), Status();
    case arrow::Type::DATE64:
      return put_micros<arrow::Date64Array>(values, target, 1000, 1), Status();
    case arrow::Type::TIMESTAMP: {
      const UnitFactor unit =
          micros_of(static_cast<const arrow::TimestampType&>(*values.type()).unit());
      put_micros<arrow::TimestampArray>(values, target, unit.multiply, unit.divide);
      return {};
    }
    case arrow::Type::DURATION: {
      const UnitFactor unit =
          micros_of(static_cast<const arrow::DurationType&>(*values.type()).unit());
      put_micros<arrow::DurationArray>(values, target, unit.multiply, unit.divide);
      return {};
    }
    case arrow::Type::LIST:
      return put_lists<arrow::ListArray>(values, target);
    case arrow::Type::LARGE_LIST:
      return put_lists<arrow::LargeListArray>(values, target);
    case arrow::Type::LIST_VIEW:
      return put_lists<arrow::ListViewArray>(values, target);
    case arrow::Type::LARGE_LIST_VIEW:
      return put_lists<arrow::LargeListViewArray>(values, target);
    case arrow::Type::FIXED_SIZE_LIST:
      return put_lists<arrow::FixedSizeListArray>(values, target);
    default:
      return bug("column `" + target.column + "` of type " + values.type()->ToString() +
                 " was taken for a column of values");
  }
}

bool fits(std::optional<ValueType> found, ValueType wanted, const arrow::DataType& type) {
  if (type.id() == arrow::Type::NA) return true;
  if (found == wanted) return true;
  return found == ValueType::integer && wanted == ValueType::number;
}

Result<Vector> read_column(const arrow::ChunkedArray& column, const Field& field) {
  const std::optional<ValueType> found = value_type_of(*column.type());
  if (!fits(found, field.type, *column.type())) {
    return invalid_input("column `" + field.name + "` is " +
                             (found ? std::string(to_string(*found)) : column.type()->ToString()) +
                             ", not " + std::string(to_string(field.type)),
                         "the column's type must stay what it was when the features were compiled");
  }
  Vector vector;
  vector.reset(field.type, static_cast<size_t>(column.length()));
  size_t first = 0;
  for (const std::shared_ptr<arrow::Array>& chunk : column.chunks()) {
    MILLGATE_TRY(put_chunk(chunk, {vector, first, field.name}));
    first += static_cast<size_t>(chunk->length());
  }
  return vector;
}

}  // namespace

std::optional<ValueType> value_type_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return ValueType::boolean;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
      return ValueType::integer;
    case arrow::Type::NA:  // No value tells its type; as a number it can be missing everywhere.
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return ValueType::number;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return ValueType::text;
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIMESTAMP:
      return ValueType::time;
    case arrow::Type::DURATION:
      return ValueType::duration;
    case arrow::Type::DICTIONARY:
      return value_type_of(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto item = value_type_of(*static_cast<const arrow::BaseListType&>(type).value_type());
      if (item != ValueType::integer && item != ValueType::number) return std::nullopt;
      return ValueType::list;
    }
    default:
      return std::nullopt;
  }
}

Result<Block> block_from(const arrow::Table& table, const std::vector<Field>& fields) {
  Block block;
  block.rows = static_cast<size_t>(table.num_rows());
  for (const Field& field : fields) {
    const std::vector<int> found = table.schema()->GetAllFieldIndices(field.name);
    if (found.empty()) {
      return invalid_input("column `" + field.name + "` is missing",
                           name_hint(field.name, table.ColumnNames()));
    }
    if (found.size() > 1) {
      return invalid_input("there are " + std::to_string(found.size()) + " columns named `" +
                           field.name + "`");
    }
    MILLGATE_ASSIGN(Vector column, read_column(*table.column(found.front()), field));
    block.columns.push_back(std::move(column));
  }
  return block;
}

}  // namespace millgate
