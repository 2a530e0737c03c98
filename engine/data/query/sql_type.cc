#include "data/query/sql_type.h"

#include <arrow/api.h>

#include "data/query/database.h"

namespace millgate {

namespace {

Result<std::string> struct_type(const arrow::DataType& type) {
  std::string text = "STRUCT(";
  for (int i = 0; i < type.num_fields(); ++i) {
    MILLGATE_ASSIGN(const std::string field, sql_type(*type.field(i)->type()));
    text += (i == 0 ? "" : ", ") + quote_name(type.field(i)->name()) + " " + field;
  }
  return text + ")";
}

std::string timestamp_type(const arrow::TimestampType& type) {
  if (!type.timezone().empty()) return "TIMESTAMP WITH TIME ZONE";
  return type.unit() == arrow::TimeUnit::NANO ? "TIMESTAMP_NS" : "TIMESTAMP";
}

std::string decimal_type(const arrow::DecimalType& type) {
  return "DECIMAL(" + std::to_string(type.precision()) + "," + std::to_string(type.scale()) + ")";
}

}  // namespace

Result<std::string> sql_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return std::string("INTEGER");  // Every value is null; DuckDB's own name for it is no type.
    case arrow::Type::BOOL:
      return std::string("BOOLEAN");
    case arrow::Type::INT8:
      return std::string("TINYINT");
    case arrow::Type::INT16:
      return std::string("SMALLINT");
    case arrow::Type::INT32:
      return std::string("INTEGER");
    case arrow::Type::INT64:
      return std::string("BIGINT");
    case arrow::Type::UINT8:
      return std::string("UTINYINT");
    case arrow::Type::UINT16:
      return std::string("USMALLINT");
    case arrow::Type::UINT32:
      return std::string("UINTEGER");
    case arrow::Type::UINT64:
      return std::string("UBIGINT");
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return std::string("FLOAT");
    case arrow::Type::DOUBLE:
      return std::string("DOUBLE");
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return std::string("VARCHAR");
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return std::string("BLOB");
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return std::string("DATE");
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return std::string("TIME");
    case arrow::Type::TIMESTAMP:
      return timestamp_type(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return std::string("INTERVAL");
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
      return decimal_type(static_cast<const arrow::DecimalType&>(type));
    case arrow::Type::DICTIONARY:
      return sql_type(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::STRUCT:
      return struct_type(type);
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST: {
      MILLGATE_ASSIGN(const std::string item, sql_type(*type.field(0)->type()));
      return item + "[]";
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      MILLGATE_ASSIGN(const std::string item, sql_type(*type.field(0)->type()));
      return item + "[" +
             std::to_string(static_cast<const arrow::FixedSizeListType&>(type).list_size()) + "]";
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      MILLGATE_ASSIGN(const std::string key, sql_type(*map.key_type()));
      MILLGATE_ASSIGN(const std::string value, sql_type(*map.item_type()));
      return "MAP(" + key + ", " + value + ")";
    }
    default:
      return invalid_input("SQL has no type for Arrow's `" + type.ToString() + "`",
                           "store the column as text, number, time, list, struct or map");
  }
}

}  // namespace millgate
