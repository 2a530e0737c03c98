#include "data/store/commit_object.h"

#include "ground/format_version.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate commit";
/// What is written without folders of files; a reader that knows no folders may read it.
constexpr int64_t kVersionWithoutTrees = 1;
constexpr int64_t kFormatVersion = 2;

Result<Json> parse_origin(const std::string& text) {
  auto json = parse_json(text, "the origin of a commit");
  if (!json.ok() || !json->is_object()) {
    return invalid_input("the origin of a commit is not a JSON object");
  }
  return json;
}

Result<Commit> parse_members(const Json& json, const std::string& object) {
  MILLGATE_ASSIGN(
      const int64_t number,
      read_format_version(json, kFormat, {.oldest = 1, .newest = kFormatVersion}, object));
  Commit commit;
  MILLGATE_ASSIGN(const auto parents,
                  json_member<std::vector<std::string>>(json, "parents", object));
  for (const std::string& parent : parents) {
    MILLGATE_ASSIGN(const Id id, Id::parse(parent));
    commit.parents.push_back(id);
  }
  MILLGATE_ASSIGN(const Json tables, json_member<Json>(json, "tables", object));
  for (const auto& [name, version] : tables.items()) {
    if (!version.is_string()) return damaged(object + ": table `" + name + "` has no id");
    MILLGATE_ASSIGN(commit.tables[name], Id::parse(version.get<std::string>()));
  }
  if (number > kVersionWithoutTrees) {
    MILLGATE_ASSIGN(const Json trees, json_member<Json>(json, "trees", object));
    for (const auto& [name, tree] : trees.items()) {
      if (!tree.is_string()) return damaged(object + ": folder `" + name + "` has no id");
      MILLGATE_ASSIGN(commit.trees[name], Id::parse(tree.get<std::string>()));
    }
  }
  MILLGATE_ASSIGN(const auto time, json_member<std::string>(json, "time", object));
  MILLGATE_ASSIGN(commit.time, parse_time(time));
  MILLGATE_ASSIGN(commit.author, json_member<std::string>(json, "author", object));
  MILLGATE_ASSIGN(commit.message, json_member<std::string>(json, "message", object));
  MILLGATE_ASSIGN(commit.git_commit, json_member<std::string>(json, "git_commit", object));
  MILLGATE_ASSIGN(const Json origin, json_member<Json>(json, "origin", object));
  commit.origin_json = dump_json(origin);
  return commit;
}

}  // namespace

Result<std::string> commit_text(const Commit& commit) {
  MILLGATE_ASSIGN(Json origin, parse_origin(commit.origin_json));
  Json json;
  json["format"] = kFormat;
  json["version"] = commit.trees.empty() ? kVersionWithoutTrees : kFormatVersion;
  json["parents"] = Json::array();
  for (const Id& parent : commit.parents) json["parents"].push_back(parent.hex());
  json["tables"] = Json::object();
  for (const auto& [name, version] : commit.tables) json["tables"][name] = version.hex();
  if (!commit.trees.empty()) {
    json["trees"] = Json::object();
    for (const auto& [name, tree] : commit.trees) json["trees"][name] = tree.hex();
  }
  json["time"] = to_string(commit.time);
  json["author"] = commit.author;
  json["message"] = commit.message;
  json["git_commit"] = commit.git_commit;
  json["origin"] = std::move(origin);
  return dump_json_pretty(json) + "\n";
}

Result<Commit> parse_commit(std::string_view text, const Id& id) {
  const std::string object = "commit `" + id.brief() + "`";
  MILLGATE_ASSIGN(const Json json, parse_json(text, object));
  auto commit = parse_members(json, object);
  if (!commit.ok()) {
    Error error = std::move(commit).error();
    if (!error.what.starts_with(object)) error.code = ErrorCode::damaged;
    if (error.where.empty()) error.where = ObjectStore::name_of(id);
    return error;
  }
  commit->id = id;
  return commit;
}

Result<std::string> merge_origins(const std::string& base, const std::string& changes) {
  MILLGATE_ASSIGN(Json merged, parse_origin(base));
  MILLGATE_ASSIGN(const Json over, parse_origin(changes));
  for (const auto& [table, origin] : over.items()) merged[table] = origin;
  return dump_json(merged);
}

Result<std::string> origins_with_abouts(const std::string& origins,
                                        const std::map<std::string, std::string>& abouts) {
  MILLGATE_ASSIGN(Json merged, parse_origin(origins));
  for (const auto& [source, text] : abouts) {
    MILLGATE_ASSIGN(merged[source]["about"], parse_origin(text));
  }
  return dump_json(merged);
}

}  // namespace millgate
