#include "data/delta/delta_schema.h"

#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "ground/json.h"

namespace millgate {

namespace {

/// Empty when Delta has no such type.
std::string delta_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT64:
      return "long";
    case arrow::Type::DOUBLE:
      return "double";
    case arrow::Type::STRING:
      return "string";
    case arrow::Type::BINARY:
      return "binary";
    case arrow::Type::DATE32:
      return "date";
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "timestamp_ntz"
                                                                               : "timestamp";
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return "decimal(" + std::to_string(decimal.precision()) + "," +
             std::to_string(decimal.scale()) + ")";
    }
    default:
      return {};
  }
}

/// Null for what tables cannot hold.
std::shared_ptr<arrow::DataType> table_type(std::string_view name) {
  if (name == "boolean") return arrow::boolean();
  if (name == "byte" || name == "short" || name == "integer" || name == "long") {
    return arrow::int64();
  }
  if (name == "float" || name == "double") return arrow::float64();
  if (name == "string") return arrow::utf8();
  if (name == "binary") return arrow::binary();
  if (name == "date") return arrow::date32();
  if (name == "timestamp") return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  if (name == "timestamp_ntz") return arrow::timestamp(arrow::TimeUnit::MICRO);
  constexpr std::string_view kDecimal = "decimal(";
  if (!name.starts_with(kDecimal) || !name.ends_with(')')) return nullptr;
  int precision = 0;
  int scale = 0;
  const char* end = name.data() + name.size();
  auto read = std::from_chars(name.data() + kDecimal.size(), end, precision);
  if (read.ec != std::errc() || *read.ptr != ',') return nullptr;
  do ++read.ptr;
  while (*read.ptr == ' ');
  read = std::from_chars(read.ptr, end, scale);
  if (read.ec != std::errc() || read.ptr != end - 1) return nullptr;
  auto type = arrow::Decimal128Type::Make(precision, scale);
  return type.ok() ? std::move(type).ValueUnsafe() : nullptr;
}

}  // namespace

Result<std::string> delta_schema_text(const arrow::Schema& schema) {
  Json fields = Json::array();
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    const std::string type = delta_type(*field->type());
    if (type.empty()) {
      return invalid_input("column `" + field->name() + "` is of type " +
                               field->type()->ToString() + ", which Delta does not have",
                           "commit it as a text in a table of its own: millgate commit --table t "
                           "--query \"select * replace (cast(" +
                               field->name() + " as varchar) as " + field->name() + ") from ...\"");
    }
    std::string lower = field->name();
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (!names.insert(lower).second) {
      return invalid_input("column `" + field->name() +
                               "` differs from another in the case of letters only, which Delta "
                               "cannot tell apart",
                           "rename one of them");
    }
    fields.push_back({{"name", field->name()},
                      {"type", type},
                      {"nullable", true},
                      {"metadata", Json::object()}});
  }
  return dump_json(Json{{"type", "struct"}, {"fields", std::move(fields)}});
}

Result<std::shared_ptr<arrow::Schema>> parse_delta_schema(std::string_view text,
                                                          std::string_view object) {
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  MILLGATE_ASSIGN(const Json list, json_member<Json>(json, "fields", object));
  if (!list.is_array()) return damaged(std::string(object) + ": `fields` is no list");
  arrow::FieldVector fields;
  std::set<std::string> names;
  for (const Json& one : list) {
    MILLGATE_ASSIGN(const auto name, json_member<std::string>(one, "name", object));
    MILLGATE_ASSIGN(const Json written, json_member<Json>(one, "type", object));
    const auto type = written.is_string() ? table_type(written.get<std::string>()) : nullptr;
    if (type == nullptr) {
      const std::string shown =
          written.is_object() ? written.value("type", std::string("?")) : dump_json(written);
      return invalid_input("column `" + name + "` of " + std::string(object) + " is of type " +
                               shown + ", which tables cannot hold",
                           "write it as columns of plain values first");
    }
    if (!names.insert(name).second) {
      return damaged(std::string(object) + ": two columns are called `" + name + "`");
    }
    fields.push_back(arrow::field(name, type));
  }
  if (fields.empty()) return invalid_input(std::string(object) + " has no columns");
  return arrow::schema(std::move(fields));
}

bool needs_timestamp_ntz(const arrow::Schema& schema) {
  return std::any_of(schema.fields().begin(), schema.fields().end(), [](const auto& field) {
    return delta_type(*field->type()) == "timestamp_ntz";
  });
}

}  // namespace millgate
