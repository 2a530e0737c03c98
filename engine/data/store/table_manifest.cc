#include "data/store/table_manifest.h"

#include <arrow/type.h>

#include <algorithm>

#include "data/store/logical_hash.h"
#include "data/table/type_name.h"
#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kManifestFormat = "millgate table version";
constexpr const char* kListFormat = "millgate segment list";
constexpr int64_t kFormatVersion = 2;
/// Of a manifest with columns of nested types; else nothing differs.
constexpr int64_t kNestedFormatVersion = 3;
constexpr FormatVersions kManifestVersions = {.oldest = kFormatVersion,
                                              .newest = kNestedFormatVersion};
constexpr FormatVersions kListVersions = {.oldest = kFormatVersion, .newest = kFormatVersion};

Result<Id> id_member(const Json& json, const char* key, const std::string& object) {
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, key, object));
  auto id = Id::parse(hex);
  if (!id.ok()) return damaged(object + ": member `" + key + "` is no id");
  return id;
}

Result<int64_t> count_member(const Json& json, const char* key, const std::string& object) {
  MILLGATE_ASSIGN(const int64_t count, json_member<int64_t>(json, key, object));
  if (count < 0) return damaged(object + ": member `" + key + "` is negative");
  return count;
}

std::string hex_of(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

Result<std::string> bytes_of_hex(const std::string& text, const std::string& object) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return damaged(object + ": `first_key` is not hexadecimal");
    bytes += static_cast<char>(high << 4 | low);
  }
  if (text.size() % 2 != 0) return damaged(object + ": `first_key` is not hexadecimal");
  return bytes;
}

Result<AddedColumns> parse_added(const Json& json, const std::string& object) {
  AddedColumns added;
  MILLGATE_ASSIGN(added.object, id_member(json, "object", object));
  MILLGATE_ASSIGN(added.size_bytes, count_member(json, "size_bytes", object));
  MILLGATE_ASSIGN(added.names, json_member<std::vector<std::string>>(json, "names", object));
  return added;
}

Result<Segment> parse_segment(const Json& json, const std::string& object) {
  Segment segment;
  MILLGATE_ASSIGN(segment.object, id_member(json, "object", object));
  MILLGATE_ASSIGN(segment.row_count, count_member(json, "row_count", object));
  MILLGATE_ASSIGN(segment.size_bytes, count_member(json, "size_bytes", object));
  MILLGATE_ASSIGN(const auto key, json_member<std::string>(json, "first_key", object));
  MILLGATE_ASSIGN(segment.first_key, bytes_of_hex(key, object));
  if (json.contains("footer")) {
    MILLGATE_ASSIGN(segment.footer, id_member(json, "footer", object));
  }
  if (json.contains("folded")) {
    MILLGATE_ASSIGN(segment.folded, count_member(json, "folded", object));
  }
  if (json.contains("added")) {
    MILLGATE_ASSIGN(const Json list, json_member<Json>(json, "added", object));
    for (const Json& entry : list) {
      MILLGATE_ASSIGN(AddedColumns added, parse_added(entry, object));
      segment.added.push_back(std::move(added));
    }
  }
  return segment;
}

Result<Delta> parse_delta(const Json& json, const std::string& object) {
  Delta delta;
  MILLGATE_ASSIGN(delta.object, id_member(json, "object", object));
  MILLGATE_ASSIGN(delta.size_bytes, count_member(json, "size_bytes", object));
  MILLGATE_ASSIGN(delta.inserted_count, count_member(json, "inserted_count", object));
  MILLGATE_ASSIGN(delta.updated_count, count_member(json, "updated_count", object));
  MILLGATE_ASSIGN(delta.removed_count, count_member(json, "removed_count", object));
  MILLGATE_ASSIGN(delta.has_before, json_member<bool>(json, "has_before", object));
  return delta;
}

/// One entry of "columns".
struct ManifestColumn {
  ColumnStatistics statistics;
  std::string stored_name;
  std::optional<Id> digest;
};

Result<ManifestColumn> parse_column(const Json& json, const std::string& object) {
  ManifestColumn column;
  ColumnStatistics& statistics = column.statistics;
  MILLGATE_ASSIGN(statistics.name, json_member<std::string>(json, "name", object));
  MILLGATE_ASSIGN(statistics.type, json_member<std::string>(json, "type", object));
  column.stored_name = statistics.name;
  if (json.contains("stored_name")) {
    MILLGATE_ASSIGN(column.stored_name, json_member<std::string>(json, "stored_name", object));
  }
  if (!json.contains("digest")) return column;
  MILLGATE_ASSIGN(column.digest, id_member(json, "digest", object));
  MILLGATE_ASSIGN(statistics.null_count, count_member(json, "null_count", object));
  MILLGATE_ASSIGN(statistics.minimum, json_member<std::string>(json, "minimum", object));
  MILLGATE_ASSIGN(statistics.maximum, json_member<std::string>(json, "maximum", object));
  if (json.contains("exact")) {
    MILLGATE_ASSIGN(statistics.exact, json_member<bool>(json, "exact", object));
  }
  return column;
}

Status parse_columns(const Json& json, const std::string& object, TableVersion& version) {
  MILLGATE_ASSIGN(const Json columns, json_member<Json>(json, "columns", object));
  arrow::FieldVector fields;
  for (const Json& entry : columns) {
    MILLGATE_ASSIGN(ManifestColumn column, parse_column(entry, object));
    MILLGATE_ASSIGN(auto type, parse_table_type(column.statistics.type));
    fields.push_back(arrow::field(column.statistics.name, std::move(type)));
    version.stored_names.push_back(std::move(column.stored_name));
    if (column.digest) version.digests.push_back(*column.digest);
    version.columns.push_back(std::move(column.statistics));
  }
  version.schema = arrow::schema(std::move(fields));
  if (!version.digests.empty() && version.digests.size() != version.columns.size()) {
    return damaged(object + " has digests of some columns only");
  }
  for (const std::string& name : version.key) {
    if (version.schema->GetFieldIndex(name) < 0) {
      return damaged(object + " has no column `" + name + "`, which its key names");
    }
  }
  return {};
}

Result<TableVersion> parse_version(const Json& json, const std::string& object) {
  MILLGATE_TRY(read_format_version(json, kManifestFormat, kManifestVersions, object));
  TableVersion version;
  MILLGATE_ASSIGN(version.key, json_member<std::vector<std::string>>(json, "key", object));
  MILLGATE_ASSIGN(version.row_count, count_member(json, "row_count", object));
  MILLGATE_ASSIGN(version.base, id_member(json, "base", object));
  MILLGATE_TRY(parse_columns(json, object, version));
  if (json.contains("logical_hash")) {
    MILLGATE_ASSIGN(version.logical_hash, id_member(json, "logical_hash", object));
  }
  if (version.logical_hash.has_value() != !version.digests.empty() ||
      (version.logical_hash &&
       *version.logical_hash != logical_hash_of(*version.schema, version.key, version.digests))) {
    return damaged(object + " has a logical hash that its digests do not give");
  }
  if (json.contains("retired_names")) {
    MILLGATE_ASSIGN(version.retired_names,
                    json_member<std::vector<std::string>>(json, "retired_names", object));
  }
  if (json.contains("widened_names")) {
    MILLGATE_ASSIGN(version.widened_names,
                    json_member<std::vector<std::string>>(json, "widened_names", object));
  }
  MILLGATE_ASSIGN(const Json deltas, json_member<Json>(json, "deltas", object));
  for (const Json& entry : deltas) {
    MILLGATE_ASSIGN(Delta delta, parse_delta(entry, object));
    version.deltas.push_back(delta);
  }
  return version;
}

Result<std::vector<Segment>> parse_list(const Json& json, const std::string& object) {
  MILLGATE_TRY(read_format_version(json, kListFormat, kListVersions, object));
  MILLGATE_ASSIGN(const Json list, json_member<Json>(json, "segments", object));
  std::vector<Segment> segments;
  for (const Json& entry : list) {
    MILLGATE_ASSIGN(Segment segment, parse_segment(entry, object));
    if (!segments.empty() && !segment.first_key.empty() &&
        segment.first_key <= segments.back().first_key) {
      return damaged(object + " is not in the order of keys");
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

/// A wrong id or type inside an object is damage, not a wrong request; another format is.
template <typename T>
Result<T> placed(Result<T> parsed, const std::string& object, const Id& id) {
  if (parsed.ok()) return parsed;
  Error error = std::move(parsed).error();
  if (!error.what.starts_with(object)) error.code = ErrorCode::damaged;
  if (error.where.empty()) error.where = ObjectStore::name_of(id);
  return error;
}

Json json_of(const ColumnStatistics& column, const std::string& stored_name) {
  Json json;
  json["name"] = column.name;
  json["type"] = column.type;
  if (stored_name != column.name) json["stored_name"] = stored_name;
  return json;
}

void put_statistics(const ColumnStatistics& column, const Id& digest, Json& json) {
  json["digest"] = digest.hex();
  json["null_count"] = column.null_count;
  json["minimum"] = column.minimum;
  json["maximum"] = column.maximum;
  if (!column.exact) json["exact"] = false;
}

Json json_of(const Delta& delta) {
  return {{"object", delta.object.hex()},           {"size_bytes", delta.size_bytes},
          {"inserted_count", delta.inserted_count}, {"updated_count", delta.updated_count},
          {"removed_count", delta.removed_count},   {"has_before", delta.has_before}};
}

Json json_of(const Segment& segment) {
  Json json = {{"object", segment.object.hex()},
               {"row_count", segment.row_count},
               {"size_bytes", segment.size_bytes},
               {"first_key", hex_of(segment.first_key)}};
  if (segment.footer != Id{}) json["footer"] = segment.footer.hex();
  if (segment.folded > 0) json["folded"] = segment.folded;
  for (const AddedColumns& added : segment.added) {
    json["added"].push_back(
        {{"object", added.object.hex()}, {"size_bytes", added.size_bytes}, {"names", added.names}});
  }
  return json;
}

}  // namespace

Status write_manifest(ObjectStore& objects, TableVersion& version) {
  version.logical_hash.reset();
  if (!version.digests.empty() || version.schema->num_fields() == 0) {
    version.logical_hash = logical_hash_of(*version.schema, version.key, version.digests);
  }
  MILLGATE_ASSIGN(version.base, objects.put(segment_list_text(version.segments)));
  MILLGATE_ASSIGN(version.id, objects.put(manifest_text(version)));
  return {};
}

std::string segment_list_text(const std::vector<Segment>& segments) {
  Json json;
  json["format"] = kListFormat;
  json["version"] = kFormatVersion;
  json["segments"] = Json::array();
  for (const Segment& segment : segments) json["segments"].push_back(json_of(segment));
  return dump_json_pretty(json) + "\n";
}

std::string manifest_text(const TableVersion& version) {
  Json json;
  json["format"] = kManifestFormat;
  const auto& fields = version.schema->fields();
  const bool nested = std::any_of(fields.begin(), fields.end(),
                                  [](const auto& field) { return is_nested_type(*field->type()); });
  json["version"] = nested ? kNestedFormatVersion : kFormatVersion;
  json["key"] = version.key;
  json["row_count"] = version.row_count;
  if (version.logical_hash) json["logical_hash"] = version.logical_hash->hex();
  json["columns"] = Json::array();
  for (size_t i = 0; i < version.columns.size(); ++i) {
    Json column = json_of(version.columns[i], version.stored_names[i]);
    if (!version.digests.empty()) {
      put_statistics(version.columns[i], version.digests[i], column);
    }
    json["columns"].push_back(std::move(column));
  }
  if (!version.retired_names.empty()) json["retired_names"] = version.retired_names;
  if (!version.widened_names.empty()) json["widened_names"] = version.widened_names;
  json["base"] = version.base.hex();
  json["deltas"] = Json::array();
  for (const Delta& delta : version.deltas) json["deltas"].push_back(json_of(delta));
  return dump_json_pretty(json) + "\n";
}

Result<TableVersion> parse_manifest(std::string_view text, const Id& id) {
  const std::string object = "table version `" + id.brief() + "`";
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  auto version = placed(parse_version(json, object), object, id);
  if (version.ok()) version->id = id;
  return version;
}

Result<std::vector<Segment>> parse_segment_list(std::string_view text, const Id& id) {
  const std::string object = "segment list `" + id.brief() + "`";
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  return placed(parse_list(json, object), object, id);
}

}  // namespace millgate
