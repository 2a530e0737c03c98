#include "data/table/cell_json.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <cmath>

#include "data/table/row_key.h"
#include "data/table/value_text.h"
#include "ground/json.h"

namespace millgate {

namespace {

template <typename ArrayType>
const ArrayType& as(const arrow::Array& column) {
  return static_cast<const ArrayType&>(column);
}

Json number_json(double value, NotFinite not_finite) {
  if (std::isfinite(value)) return value;
  return not_finite == NotFinite::text ? Json(number_text(value)) : Json(nullptr);
}

Json list_json(const arrow::Array& items, int64_t begin, int64_t end, NotFinite not_finite) {
  Json list = Json::array();
  for (int64_t i = begin; i < end; ++i) list.push_back(cell_json(items, i, not_finite));
  return list;
}

}  // namespace

Json cell_json(const arrow::Array& column, int64_t row, NotFinite not_finite) {
  if (column.IsNull(row)) return nullptr;
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return as<arrow::BooleanArray>(column).Value(row);
    case arrow::Type::INT64:
      return as<arrow::Int64Array>(column).Value(row);
    case arrow::Type::DOUBLE:
      return number_json(as<arrow::DoubleArray>(column).Value(row), not_finite);
    case arrow::Type::FLOAT:
      return number_json(shortest_double(as<arrow::FloatArray>(column).Value(row)), not_finite);
    case arrow::Type::LIST: {
      const auto& list = as<arrow::ListArray>(column);
      return list_json(*list.values(), list.value_offset(row), list.value_offset(row + 1),
                       not_finite);
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = as<arrow::FixedSizeListArray>(column);
      return list_json(*list.values(), list.value_offset(row), list.value_offset(row + 1),
                       not_finite);
    }
    case arrow::Type::MAP: {
      const auto& map = as<arrow::MapArray>(column);
      Json object = Json::object();
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        object[value_text(*map.keys(), i)] = cell_json(*map.items(), i, not_finite);
      }
      return object;
    }
    case arrow::Type::STRUCT: {
      const auto& record = as<arrow::StructArray>(column);
      Json object = Json::object();
      for (int i = 0; i < record.num_fields(); ++i) {
        object[record.type()->field(i)->name()] = cell_json(*record.field(i), row, not_finite);
      }
      return object;
    }
    default:
      // Of other types than tables have, those of integers may come out of a query.
      return arrow::is_integer(column.type_id()) ? Json::parse(value_text(column, row))
                                                 : Json(value_text(column, row));
  }
}

}  // namespace millgate
