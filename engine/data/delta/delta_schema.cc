#include "data/delta/delta_schema.h"

#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>

#include "data/table/column_type.h"
#include "data/table/type_name.h"
#include "ground/json.h"

namespace millgate {

namespace {

Json delta_field(const std::string& name, const Json& type) {
  return {{"name", name}, {"type", type}, {"nullable", true}, {"metadata", Json::object()}};
}

/// Null when Delta has no such type.
Json delta_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT64:
      return "long";
    case arrow::Type::FLOAT:
      return "float";
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
    case arrow::Type::LIST:
    case arrow::Type::FIXED_SIZE_LIST: {
      const Json item = delta_type(*type.field(0)->type());
      if (item.is_null()) return nullptr;
      return {{"type", "array"}, {"elementType", item}, {"containsNull", true}};
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      const Json key = delta_type(*map.key_type());
      const Json value = delta_type(*map.item_type());
      if (key.is_null() || value.is_null()) return nullptr;
      return {{"type", "map"}, {"keyType", key}, {"valueType", value}, {"valueContainsNull", true}};
    }
    case arrow::Type::STRUCT: {
      Json members = Json::array();
      for (const auto& field : type.fields()) {
        const Json member = delta_type(*field->type());
        if (member.is_null()) return nullptr;
        members.push_back(delta_field(field->name(), member));
      }
      return {{"type", "struct"}, {"fields", std::move(members)}};
    }
    default:
      return nullptr;
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

/// Null for what tables cannot hold.
std::shared_ptr<arrow::DataType> nested_type(const Json& json);

std::shared_ptr<arrow::DataType> type_of(const Json& json) {
  return json.is_string() ? table_type(json.get<std::string>()) : nested_type(json);
}

std::shared_ptr<arrow::DataType> item_type(const Json& json) {
  return json == "float" ? arrow::float32() : type_of(json);
}

/// In Arrow's types, which `table_type_of` then makes a table's or refuses.
std::shared_ptr<arrow::DataType> nested_type(const Json& json) {
  const auto member = [&](const char* name) {
    return json.contains(name) ? json[name] : Json(nullptr);
  };
  if (!json.is_object()) return nullptr;
  const Json kind = member("type");
  if (kind == "array") {
    const auto item = item_type(member("elementType"));
    return item == nullptr ? nullptr : arrow::list(arrow::field("item", item));
  }
  if (kind == "map") {
    const auto key = type_of(member("keyType"));
    const auto value = type_of(member("valueType"));
    return key == nullptr || value == nullptr ? nullptr : arrow::map(key, value);
  }
  if (kind != "struct" || !member("fields").is_array()) return nullptr;
  arrow::FieldVector members;
  for (const Json& one : member("fields")) {
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string()) return nullptr;
    const auto type = one.contains("type") ? type_of(one["type"]) : nullptr;
    if (type == nullptr) return nullptr;
    members.push_back(arrow::field(one["name"].get<std::string>(), type));
  }
  return arrow::struct_(members);
}

/// The first member, of a struct anywhere in `type`, that differs from another in case only.
std::optional<std::string> equal_but_for_case(const arrow::FieldVector& fields) {
  std::set<std::string> names;
  for (const auto& field : fields) {
    std::string lower = field->name();
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (!names.insert(lower).second) return field->name();
    if (auto inside = equal_but_for_case(field->type()->fields())) return inside;
  }
  return std::nullopt;
}

/// Gives each column, and each member of a struct anywhere below it, the name that files use.
Status take_stored_names(Json& type, std::string_view object) {
  if (!type.is_object()) return {};
  for (const char* part : {"elementType", "keyType", "valueType"}) {
    if (type.contains(part)) MILLGATE_TRY(take_stored_names(type[part], object));
  }
  if (!type.contains("fields")) return {};
  for (Json& field : type["fields"]) {
    MILLGATE_ASSIGN(const Json metadata, json_member<Json>(field, "metadata", object));
    MILLGATE_ASSIGN(field["name"],
                    json_member<std::string>(metadata, "delta.columnMapping.physicalName", object));
    if (field.contains("type")) MILLGATE_TRY(take_stored_names(field["type"], object));
  }
  return {};
}

bool holds_time_without_zone(const arrow::DataType& type) {
  return delta_type(type) == "timestamp_ntz" ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return holds_time_without_zone(*field->type()); });
}

}  // namespace

Result<std::string> delta_schema_text(const arrow::Schema& schema) {
  Json fields = Json::array();
  for (const auto& field : schema.fields()) {
    const Json type = delta_type(*field->type());
    if (type.is_null()) {
      return invalid_input("column `" + field->name() + "` is of type " +
                               type_name(*field->type()) + ", which Delta does not have",
                           "commit it as a text in a table of its own: millgate commit --table t "
                           "--query \"select * replace (cast(" +
                               field->name() + " as varchar) as " + field->name() + ") from ...\"");
    }
    fields.push_back(delta_field(field->name(), type));
  }
  if (const auto name = equal_but_for_case(schema.fields())) {
    return invalid_input("column `" + *name +
                             "` differs from another in the case of letters only, which Delta "
                             "cannot tell apart",
                         "rename one of them");
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
    const auto known = type_of(written);
    const auto type = known == nullptr ? nullptr : table_type_of(*known);
    if (type == nullptr) {
      const std::string shown = dump_json(written);
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

Result<std::shared_ptr<arrow::Schema>> parse_stored_schema(std::string_view text,
                                                           std::string_view object) {
  MILLGATE_ASSIGN(Json json, parse_json(text, object));
  MILLGATE_TRY(take_stored_names(json, object));
  return parse_delta_schema(dump_json(json), object);
}

bool needs_timestamp_ntz(const arrow::Schema& schema) {
  return std::any_of(schema.fields().begin(), schema.fields().end(),
                     [](const auto& field) { return holds_time_without_zone(*field->type()); });
}

}  // namespace millgate
