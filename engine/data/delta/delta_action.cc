#include "data/delta/delta_action.h"

#include <utility>

#include "ground/json.h"

namespace millgate {

namespace {

/// One action being read: members by name, with errors that say where.
class Action {
 public:
  Action(const Json& json, std::string_view kind, std::string_view object)
      : json_(json), object_(std::string(object) + ": `" + std::string(kind) + "`") {}

  [[nodiscard]] bool has(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && !found->is_null();
  }
  template <typename T>
  [[nodiscard]] Result<T> get(const char* key) const {
    return json_member<T>(json_, key, object_);
  }
  template <typename T>
  [[nodiscard]] Result<T> get_or(const char* key, T otherwise) const {
    if (!has(key)) return otherwise;
    return get<T>(key);
  }
  [[nodiscard]] Result<std::map<std::string, std::optional<std::string>>> texts(
      const char* key) const {
    std::map<std::string, std::optional<std::string>> texts;
    if (!has(key)) return texts;
    if (!json_.at(key).is_object()) return damaged(object_ + ": `" + key + "` is no object");
    for (const auto& [name, value] : json_.at(key).items()) {
      if (value.is_null()) {
        texts[name] = std::nullopt;
      } else if (value.is_string()) {
        texts[name] = value.get<std::string>();
      } else {
        return damaged(object_ + ": `" + key + "`: `" + name + "` is no text");
      }
    }
    return texts;
  }
  [[nodiscard]] Result<std::map<std::string, std::string>> plain_texts(const char* key) const {
    MILLGATE_ASSIGN(const auto all, texts(key));
    std::map<std::string, std::string> plain;
    for (const auto& [name, value] : all) {
      if (value) plain[name] = *value;
    }
    return plain;
  }
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] const std::string& object() const { return object_; }

 private:
  const Json& json_;
  std::string object_;
};

Result<DeltaProtocol> read_protocol(const Action& action) {
  DeltaProtocol protocol;
  MILLGATE_ASSIGN(protocol.reader_version, action.get<int64_t>("minReaderVersion"));
  MILLGATE_ASSIGN(protocol.writer_version, action.get<int64_t>("minWriterVersion"));
  MILLGATE_ASSIGN(protocol.reader_features,
                  action.get_or<std::vector<std::string>>("readerFeatures", {}));
  MILLGATE_ASSIGN(protocol.writer_features,
                  action.get_or<std::vector<std::string>>("writerFeatures", {}));
  return protocol;
}

Result<DeltaMetadata> read_metadata(const Action& action) {
  DeltaMetadata metadata;
  MILLGATE_ASSIGN(metadata.id, action.get<std::string>("id"));
  MILLGATE_ASSIGN(metadata.name, action.get_or<std::string>("name", ""));
  MILLGATE_ASSIGN(metadata.description, action.get_or<std::string>("description", ""));
  MILLGATE_ASSIGN(metadata.schema_text, action.get<std::string>("schemaString"));
  MILLGATE_ASSIGN(metadata.partition_columns,
                  action.get_or<std::vector<std::string>>("partitionColumns", {}));
  MILLGATE_ASSIGN(metadata.configuration, action.plain_texts("configuration"));
  MILLGATE_ASSIGN(metadata.created_ms, action.get_or<int64_t>("createdTime", 0));
  if (action.has("format")) {
    const Action format(action.json().at("format"), "format", action.object());
    MILLGATE_ASSIGN(metadata.format, format.get<std::string>("provider"));
  }
  return metadata;
}

Result<std::optional<DeltaDeletionVector>> read_deletions(const Action& action,
                                                          const std::string& file) {
  if (!action.has("deletionVector")) return std::optional<DeltaDeletionVector>();
  const Action inside(action.json().at("deletionVector"), "deletionVector", action.object());
  DeltaDeletionVector vector{.file = file};
  MILLGATE_ASSIGN(vector.storage, inside.get<std::string>("storageType"));
  MILLGATE_ASSIGN(vector.place, inside.get<std::string>("pathOrInlineDv"));
  MILLGATE_ASSIGN(vector.offset, inside.get_or<int64_t>("offset", 0));
  MILLGATE_ASSIGN(vector.size_bytes, inside.get<int64_t>("sizeInBytes"));
  MILLGATE_ASSIGN(vector.row_count, inside.get<int64_t>("cardinality"));
  return std::make_optional(std::move(vector));
}

Result<DeltaFile> read_file_action(const Action& action) {
  DeltaFile file;
  MILLGATE_ASSIGN(file.path, action.get<std::string>("path"));
  MILLGATE_ASSIGN(file.partition_values, action.texts("partitionValues"));
  MILLGATE_ASSIGN(file.size_bytes, action.get<int64_t>("size"));
  MILLGATE_ASSIGN(file.modified_ms, action.get_or<int64_t>("modificationTime", 0));
  MILLGATE_ASSIGN(file.statistics, action.get_or<std::string>("stats", ""));
  MILLGATE_ASSIGN(file.tags, action.plain_texts("tags"));
  MILLGATE_ASSIGN(file.deletions, read_deletions(action, file.path));
  return file;
}

Result<DeltaRemoval> read_removal(const Action& action) {
  DeltaRemoval removal;
  MILLGATE_ASSIGN(removal.path, action.get<std::string>("path"));
  MILLGATE_ASSIGN(removal.deleted_ms, action.get_or<int64_t>("deletionTimestamp", 0));
  MILLGATE_ASSIGN(removal.size_bytes, action.get_or<int64_t>("size", 0));
  MILLGATE_ASSIGN(removal.deletions, read_deletions(action, removal.path));
  return removal;
}

Json json_of(const DeltaProtocol& protocol) {
  Json json = {{"minReaderVersion", protocol.reader_version},
               {"minWriterVersion", protocol.writer_version}};
  if (protocol.reader_version >= 3) json["readerFeatures"] = protocol.reader_features;
  if (protocol.writer_version >= 7) json["writerFeatures"] = protocol.writer_features;
  return json;
}

Json json_of(const std::map<std::string, std::string>& texts) {
  Json json = Json::object();
  for (const auto& [name, value] : texts) json[name] = value;
  return json;
}

Json json_of(const DeltaMetadata& metadata) {
  Json json = {{"id", metadata.id},
               {"format", {{"provider", metadata.format}, {"options", Json::object()}}},
               {"schemaString", metadata.schema_text},
               {"partitionColumns", metadata.partition_columns},
               {"configuration", json_of(metadata.configuration)},
               {"createdTime", metadata.created_ms}};
  if (!metadata.name.empty()) json["name"] = metadata.name;
  if (!metadata.description.empty()) json["description"] = metadata.description;
  return json;
}

Json json_of(const DeltaFile& file) {
  Json values = Json::object();
  for (const auto& [name, value] : file.partition_values) {
    values[name] = value ? Json(*value) : Json(nullptr);
  }
  Json json = {{"path", file.path},
               {"partitionValues", std::move(values)},
               {"size", file.size_bytes},
               {"modificationTime", file.modified_ms},
               {"dataChange", true}};
  if (!file.statistics.empty()) json["stats"] = file.statistics;
  if (!file.tags.empty()) json["tags"] = json_of(file.tags);
  return json;
}

Json json_of(const DeltaRemoval& removal) {
  return {{"path", removal.path},
          {"deletionTimestamp", removal.deleted_ms},
          {"dataChange", true},
          {"extendedFileMetadata", true},
          {"partitionValues", Json::object()},
          {"size", removal.size_bytes}};
}

}  // namespace

Status add_delta_action(const Json& line, std::string_view object, DeltaActions& actions) {
  if (!line.is_object()) return damaged(std::string(object) + " is no JSON object");
  for (const auto& [kind, content] : line.items()) {
    if (content.is_null()) continue;  // A row of a checkpoint holds one action among nulls.
    const Action action(content, kind, object);
    if (kind == "commitInfo") {
      actions.commit_info = dump_json(content);
      continue;
    }
    if (!content.is_object()) return damaged(action.object() + " is no object");
    if (kind == "protocol") {
      MILLGATE_ASSIGN(actions.protocol, read_protocol(action));
    } else if (kind == "metaData") {
      MILLGATE_ASSIGN(actions.metadata, read_metadata(action));
    } else if (kind == "add") {
      MILLGATE_ASSIGN(DeltaFile file, read_file_action(action));
      actions.files.push_back(std::move(file));
    } else if (kind == "remove") {
      MILLGATE_ASSIGN(DeltaRemoval removal, read_removal(action));
      actions.removals.push_back(std::move(removal));
    } else if (kind == "txn") {
      MILLGATE_ASSIGN(const auto application, action.get<std::string>("appId"));
      MILLGATE_ASSIGN(actions.transactions[application], action.get<int64_t>("version"));
    } else if (kind == "sidecar") {
      MILLGATE_ASSIGN(std::string path, action.get<std::string>("path"));
      actions.sidecars.push_back(std::move(path));
    }
  }
  return {};
}

std::vector<Json> delta_lines(const DeltaActions& actions) {
  std::vector<Json> lines;
  lines.reserve(actions.files.size() + actions.removals.size() + actions.transactions.size() + 3);
  if (!actions.commit_info.empty()) {
    lines.push_back({{"commitInfo", Json::parse(actions.commit_info)}});
  }
  if (actions.protocol) lines.push_back({{"protocol", json_of(*actions.protocol)}});
  if (actions.metadata) lines.push_back({{"metaData", json_of(*actions.metadata)}});
  for (const auto& [application, version] : actions.transactions) {
    lines.push_back({{"txn", {{"appId", application}, {"version", version}}}});
  }
  for (const DeltaRemoval& removal : actions.removals) {
    lines.push_back({{"remove", json_of(removal)}});
  }
  for (const DeltaFile& file : actions.files) lines.push_back({{"add", json_of(file)}});
  return lines;
}

Result<DeltaActions> parse_delta_log_file(std::string_view text, std::string_view object) {
  DeltaActions actions;
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = std::string(object) + ":" + std::to_string(number);
    MILLGATE_ASSIGN(const Json json, parse_json(line, place));
    MILLGATE_TRY(add_delta_action(json, place, actions));
  }
  return actions;
}

}  // namespace millgate
