#include "data/store/table_manifest.h"

#include <arrow/type.h>

#include "data/table/column_type.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate table version";
constexpr int64_t kFormatVersion = 1;

Status check_format(const Json& json, const std::string& object) {
  MILLGATE_ASSIGN(const auto format, json_member<std::string>(json, "format", object));
  if (format != kFormat) return damaged(object + " is a `" + format + "`, not a table version");
  MILLGATE_ASSIGN(const auto number, json_member<int64_t>(json, "version", object));
  if (number > kFormatVersion) {
    return invalid_input(object + " has format version " + std::to_string(number) +
                             "; this program reads up to " + std::to_string(kFormatVersion),
                         "use a newer millgate");
  }
  return {};
}

Result<Segment> parse_segment(const Json& json, const std::string& object) {
  Segment segment;
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, "object", object));
  MILLGATE_ASSIGN(segment.object, Id::parse(hex));
  MILLGATE_ASSIGN(segment.row_count, json_member<int64_t>(json, "row_count", object));
  MILLGATE_ASSIGN(segment.size_bytes, json_member<int64_t>(json, "size_bytes", object));
  return segment;
}

Result<ColumnStatistics> parse_column(const Json& json, const std::string& object) {
  ColumnStatistics column;
  MILLGATE_ASSIGN(column.name, json_member<std::string>(json, "name", object));
  MILLGATE_ASSIGN(column.type, json_member<std::string>(json, "type", object));
  MILLGATE_ASSIGN(column.null_count, json_member<int64_t>(json, "null_count", object));
  MILLGATE_ASSIGN(column.minimum, json_member<std::string>(json, "minimum", object));
  MILLGATE_ASSIGN(column.maximum, json_member<std::string>(json, "maximum", object));
  return column;
}

Result<TableVersion> parse_version(const Json& json, const std::string& object) {
  MILLGATE_TRY(check_format(json, object));
  TableVersion version;
  MILLGATE_ASSIGN(version.key, json_member<std::vector<std::string>>(json, "key", object));
  MILLGATE_ASSIGN(version.row_count, json_member<int64_t>(json, "row_count", object));
  MILLGATE_ASSIGN(const auto hash, json_member<std::string>(json, "logical_hash", object));
  MILLGATE_ASSIGN(version.logical_hash, Id::parse(hash));
  MILLGATE_ASSIGN(const Json columns, json_member<Json>(json, "columns", object));
  arrow::FieldVector fields;
  for (const Json& entry : columns) {
    MILLGATE_ASSIGN(ColumnStatistics column, parse_column(entry, object));
    MILLGATE_ASSIGN(auto type, parse_table_type(column.type));
    fields.push_back(arrow::field(column.name, std::move(type)));
    version.columns.push_back(std::move(column));
  }
  version.schema = arrow::schema(std::move(fields));
  MILLGATE_ASSIGN(const Json segments, json_member<Json>(json, "segments", object));
  int64_t row_count = 0;
  for (const Json& entry : segments) {
    MILLGATE_ASSIGN(const Segment segment, parse_segment(entry, object));
    row_count += segment.row_count;
    version.segments.push_back(segment);
  }
  if (row_count != version.row_count) {
    return damaged(object + " counts " + std::to_string(version.row_count) +
                   " rows, its segments " + std::to_string(row_count));
  }
  return version;
}

}  // namespace

std::string manifest_text(const TableVersion& version) {
  Json json;
  json["format"] = kFormat;
  json["version"] = kFormatVersion;
  json["key"] = version.key;
  json["row_count"] = version.row_count;
  json["logical_hash"] = version.logical_hash.hex();
  json["columns"] = Json::array();
  for (const ColumnStatistics& column : version.columns) {
    json["columns"].push_back({{"name", column.name},
                               {"type", column.type},
                               {"null_count", column.null_count},
                               {"minimum", column.minimum},
                               {"maximum", column.maximum}});
  }
  json["segments"] = Json::array();
  for (const Segment& segment : version.segments) {
    json["segments"].push_back({{"object", segment.object.hex()},
                                {"row_count", segment.row_count},
                                {"size_bytes", segment.size_bytes}});
  }
  return dump_json_pretty(json) + "\n";
}

Result<TableVersion> parse_manifest(std::string_view text, const Id& id) {
  const std::string object = "table version `" + id.brief() + "`";
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  auto version = parse_version(json, object);
  if (!version.ok()) {
    // A wrong id or type inside an object is damage, not a wrong request; a newer format is.
    Error error = std::move(version).error();
    if (!error.what.starts_with(object)) error.code = ErrorCode::damaged;
    if (error.where.empty()) error.where = ObjectStore::name_of(id);
    return error;
  }
  version->id = id;
  return version;
}

}  // namespace millgate
