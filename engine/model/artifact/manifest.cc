#include "model/artifact/manifest.h"

#include <cmath>

#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {
namespace {

constexpr const char* kFormat = "millgate-model";
/// With calibration, uncertainty, or what decisions for classes earn; else 1 is written.
constexpr int64_t kVersion = 2;
constexpr const char* kObject = "model manifest";

Result<Id> read_id(const Json& json, const char* key) {
  MILLGATE_ASSIGN(const std::string hex, json_member<std::string>(json, key, kObject));
  Result<Id> id = Id::parse(hex);
  if (!id) return damaged(std::string(kObject) + ": member `" + key + "` is not an id");
  return id;
}

Result<Time> read_time(const Json& json, const char* key) {
  MILLGATE_ASSIGN(const std::string text, json_member<std::string>(json, key, kObject));
  Result<Time> time = parse_time(text);
  if (!time) return damaged(std::string(kObject) + ": member `" + key + "` is not a time");
  return time;
}

Result<std::vector<ReadView>> read_views(const Json& json) {
  std::vector<ReadView> views;
  if (!json.contains("views")) return views;
  MILLGATE_ASSIGN(const Json list, json_member<Json>(json, "views", kObject));
  for (const Json& one : list) {
    ReadView view;
    MILLGATE_ASSIGN(view.name, json_member<std::string>(one, "name", kObject));
    MILLGATE_ASSIGN(view.version, json_member<std::string>(one, "version", kObject));
    MILLGATE_ASSIGN(view.entity, json_member<std::vector<std::string>>(one, "entity", kObject));
    views.push_back(std::move(view));
  }
  return views;
}

Result<Manifest> manifest_from_json(const Json& json) {
  Manifest manifest;
  const auto text = [&](const char* key, std::string& into) -> Status {
    MILLGATE_ASSIGN(into, json_member<std::string>(json, key, kObject));
    return {};
  };
  MILLGATE_TRY(text("project", manifest.project));
  MILLGATE_TRY(text("description", manifest.description));
  MILLGATE_TRY(text("task_kind", manifest.task_kind));
  if (json.contains("classes")) {
    MILLGATE_ASSIGN(manifest.classes,
                    json_member<std::vector<std::string>>(json, "classes", kObject));
  }
  if (json.contains("group")) {
    MILLGATE_ASSIGN(manifest.group, json_member<std::vector<std::string>>(json, "group", kObject));
  }
  MILLGATE_TRY(text("task_table", manifest.task_table));
  MILLGATE_TRY(text("label", manifest.label));
  MILLGATE_TRY(text("label_known", manifest.label_known));
  MILLGATE_ASSIGN(manifest.key, json_member<std::vector<std::string>>(json, "key", kObject));
  MILLGATE_TRY(text("row_time", manifest.row_time));
  MILLGATE_ASSIGN(manifest.views, read_views(json));
  MILLGATE_ASSIGN(manifest.threshold, json_member<double>(json, "threshold", kObject));
  if (json.contains("decide_by")) {
    MILLGATE_ASSIGN(manifest.decide_by,
                    json_member<std::vector<double>>(json, "decide_by", kObject));
  }
  MILLGATE_TRY(text("learner", manifest.learner));
  MILLGATE_TRY(text("data_commit", manifest.data_commit));
  MILLGATE_TRY(text("training_set", manifest.training_set));
  MILLGATE_TRY(text("git_commit", manifest.git_commit));
  MILLGATE_TRY(text("configuration_hash", manifest.configuration_hash));
  using Dependencies = std::map<std::string, std::string>;
  MILLGATE_ASSIGN(manifest.dependencies, json_member<Dependencies>(json, "dependencies", kObject));
  MILLGATE_ASSIGN(manifest.train_row_count, json_member<int64_t>(json, "train_row_count", kObject));
  MILLGATE_ASSIGN(manifest.train_from, read_time(json, "train_from"));
  MILLGATE_ASSIGN(manifest.train_to, read_time(json, "train_to"));
  return manifest;
}

}  // namespace

Json to_json(const Manifest& manifest) {
  Json json;
  json["project"] = manifest.project;
  json["description"] = manifest.description;
  json["task_kind"] = manifest.task_kind;
  if (!manifest.classes.empty()) json["classes"] = manifest.classes;
  if (!manifest.group.empty()) json["group"] = manifest.group;
  json["task_table"] = manifest.task_table;
  json["label"] = manifest.label;
  json["label_known"] = manifest.label_known;
  json["key"] = manifest.key;
  json["row_time"] = manifest.row_time;
  for (const ReadView& view : manifest.views) {
    json["views"].push_back(
        {{"name", view.name}, {"version", view.version}, {"entity", view.entity}});
  }
  json["threshold"] = manifest.threshold;
  if (!manifest.decide_by.empty()) json["decide_by"] = manifest.decide_by;
  json["learner"] = manifest.learner;
  json["data_commit"] = manifest.data_commit;
  json["training_set"] = manifest.training_set;
  json["git_commit"] = manifest.git_commit;
  json["configuration_hash"] = manifest.configuration_hash;
  json["dependencies"] = manifest.dependencies;
  json["train_row_count"] = manifest.train_row_count;
  json["train_from"] = to_string(manifest.train_from);
  json["train_to"] = to_string(manifest.train_to);
  return json;
}

std::string write_manifest(const StoredManifest& stored) {
  Json json;
  json["format"] = kFormat;
  const bool is_of_version_1 =
      !stored.calibration && !stored.uncertainty && stored.manifest.decide_by.empty();
  json["version"] = is_of_version_1 ? 1 : kVersion;
  json["manifest"] = to_json(stored.manifest);
  json["model_format"] = stored.model_format;
  json["features"] = stored.features.hex();
  json["model"] = stored.model.hex();
  json["profiles"] = stored.profiles.hex();
  if (stored.calibration) json["calibration"] = to_json(*stored.calibration);
  if (stored.uncertainty) json["uncertainty"] = to_json(*stored.uncertainty);
  return dump_json(json);
}

Result<StoredManifest> read_manifest(std::string_view bytes) {
  MILLGATE_ASSIGN(const Json json, parse_json(bytes, kObject));
  MILLGATE_TRY(read_format_version(json, kFormat, {.oldest = 1, .newest = kVersion}, kObject));
  StoredManifest stored;
  MILLGATE_ASSIGN(const Json manifest, json_member<Json>(json, "manifest", kObject));
  MILLGATE_ASSIGN(stored.manifest, manifest_from_json(manifest));
  MILLGATE_ASSIGN(stored.model_format, json_member<std::string>(json, "model_format", kObject));
  MILLGATE_ASSIGN(stored.features, read_id(json, "features"));
  MILLGATE_ASSIGN(stored.model, read_id(json, "model"));
  MILLGATE_ASSIGN(stored.profiles, read_id(json, "profiles"));
  if (json.contains("calibration")) {
    MILLGATE_ASSIGN(stored.calibration, calibration_from_json(json["calibration"]));
  }
  if (json.contains("uncertainty")) {
    MILLGATE_ASSIGN(stored.uncertainty, uncertainty_from_json(json["uncertainty"]));
  }
  return stored;
}

}  // namespace millgate
