#include "data/store/commit_merge.h"

#include <unistd.h>

#include <cerrno>
#include <set>

#include "data/store/table_version.h"
#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate waiting merge";

std::string path_of(const Repository& repository) {
  return repository.project_folder() + "/.millgate/merge.json";
}

Result<MergeOptions> options_for(const MergeRequest& request, const std::string& table,
                                 bool theirs_is_newer) {
  MergeOptions options;
  options.theirs_is_newer = theirs_is_newer;
  for (const std::string& text : request.policies) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      MILLGATE_ASSIGN(options.policy, parse_merge_policy(text));
      continue;
    }
    MILLGATE_ASSIGN(const MergePolicy policy, parse_merge_policy(text.substr(equals + 1)));
    const size_t dot = text.find('.');
    if (dot == std::string::npos || dot > equals) {
      return invalid_input("merge policy `" + text + "` names no column",
                           "write TABLE.COLUMN=POLICY, or one POLICY for all columns");
    }
    if (text.substr(0, dot) != table) continue;
    options.by_column[text.substr(dot + 1, equals - dot - 1)] = policy;
  }
  if (const auto found = request.resolutions.find(table); found != request.resolutions.end()) {
    options.resolutions = found->second;
  }
  return options;
}

std::optional<Id> version_in(const Commit& commit, const std::string& table) {
  const auto found = commit.tables.find(table);
  if (found == commit.tables.end()) return std::nullopt;
  return found->second;
}

/// One table of the three commits.
class TableOfCommits {
 public:
  TableOfCommits(Repository& repository, std::string name, const MergeOptions& options)
      : repository_(repository), name_(std::move(name)), options_(options) {}

  Status merge(std::optional<Id> base, std::optional<Id> ours, std::optional<Id> theirs,
               CommitMerge& merge) const {
    if (!theirs || theirs == ours || theirs == base) return {};
    if (ours == base) {
      merge.tables[name_] = *theirs;
      return {};
    }
    ObjectStore& objects = repository_.objects();
    if (!ours || !base) {
      return Error{.code = ErrorCode::conflict,
                   .what = "both sides made a table `" + name_ + "`, and nothing is before it",
                   .hint = "commit one of them under another name"};
    }
    MILLGATE_ASSIGN(const TableVersion base_version, read_table_version(objects, *base));
    MILLGATE_ASSIGN(const TableVersion our_version, read_table_version(objects, *ours));
    MILLGATE_ASSIGN(const TableVersion their_version, read_table_version(objects, *theirs));
    auto merged = merge_versions(objects, base_version, our_version, their_version, options_);
    if (!merged.ok()) {
      return std::move(merged).error().inside("cannot merge table `" + name_ + "`");
    }
    if (merged->version.id != *ours) merge.tables[name_] = merged->version.id;
    merge.merges.emplace(name_, *std::move(merged));
    return {};
  }

 private:
  Repository& repository_;
  std::string name_;
  const MergeOptions& options_;
};

Json to_json(const MergeRequest& request) {
  Json json = {{"format", kFormat},
               {"version", 1},
               {"branch", request.branch},
               {"base", request.base.hex()},
               {"ours", request.ours.hex()},
               {"theirs", request.theirs.hex()},
               {"joins_history", request.joins_history},
               {"message", request.message},
               {"policies", request.policies},
               {"resolutions", Json::array()}};
  for (const auto& [table, cells] : request.resolutions) {
    for (const auto& [place, resolution] : cells) {
      std::vector<int> key;
      for (const char c : place.first) key.push_back(static_cast<uint8_t>(c));
      json["resolutions"].push_back({{"table", table},
                                     {"key", key},
                                     {"column", place.second},
                                     {"take", static_cast<int>(resolution.take)},
                                     {"value", resolution.value}});
    }
  }
  return json;
}

Result<MergeRequest> from_json(const Json& json, const std::string& object) {
  MergeRequest request;
  MILLGATE_ASSIGN(const auto format, json_member<std::string>(json, "format", object));
  if (format != kFormat) return damaged(object + " is no waiting merge");
  MILLGATE_ASSIGN(request.branch, json_member<std::string>(json, "branch", object));
  for (auto [name, id] : {std::pair("base", &request.base), std::pair("ours", &request.ours),
                          std::pair("theirs", &request.theirs)}) {
    MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, name, object));
    MILLGATE_ASSIGN(*id, Id::parse(hex));
  }
  MILLGATE_ASSIGN(request.joins_history, json_member<bool>(json, "joins_history", object));
  MILLGATE_ASSIGN(request.message, json_member<std::string>(json, "message", object));
  MILLGATE_ASSIGN(request.policies,
                  json_member<std::vector<std::string>>(json, "policies", object));
  MILLGATE_ASSIGN(const Json resolutions, json_member<Json>(json, "resolutions", object));
  for (const Json& entry : resolutions) {
    MILLGATE_ASSIGN(const auto table, json_member<std::string>(entry, "table", object));
    MILLGATE_ASSIGN(const auto bytes, json_member<std::vector<int>>(entry, "key", object));
    MILLGATE_ASSIGN(const auto column, json_member<std::string>(entry, "column", object));
    MILLGATE_ASSIGN(const auto take, json_member<int>(entry, "take", object));
    std::string key;
    for (const int byte : bytes) key += static_cast<char>(byte);
    Resolution& resolution = request.resolutions[table][{key, column}];
    if (take < 0 || take > 2) return damaged(object + " holds an unknown decision");
    resolution.take = static_cast<Resolution::Take>(take);
    MILLGATE_ASSIGN(resolution.value, json_member<std::string>(entry, "value", object));
  }
  return request;
}

}  // namespace

size_t CommitMerge::conflict_count() const {
  size_t count = 0;
  for (const auto& [table, merge] : merges) count += merge.conflicts.size();
  return count;
}

Result<CommitMerge> merge_commits(Repository& repository, const MergeRequest& request) {
  MILLGATE_ASSIGN(const Commit base, repository.read_commit(request.base));
  MILLGATE_ASSIGN(const Commit ours, repository.read_commit(request.ours));
  MILLGATE_ASSIGN(const Commit theirs, repository.read_commit(request.theirs));
  std::set<std::string> names;
  for (const auto& [name, version] : theirs.tables) names.insert(name);
  CommitMerge merge;
  for (const std::string& name : names) {
    MILLGATE_ASSIGN(const MergeOptions options,
                    options_for(request, name, ours.time < theirs.time));
    MILLGATE_TRY(TableOfCommits(repository, name, options)
                     .merge(version_in(base, name), version_in(ours, name),
                            version_in(theirs, name), merge));
  }
  return merge;
}

Result<Commit> commit_merge(Repository& repository, const MergeRequest& request,
                            const CommitMerge& merge, const std::string& author) {
  if (merge.conflict_count() > 0) return bug("a merge with conflicts was to be committed");
  NewCommit commit;
  commit.tables = merge.tables;
  commit.based_on = request.ours;
  if (request.joins_history) commit.merged_parent = request.theirs;
  commit.author = author;
  commit.message = request.message;
  // A table that only they changed is made from their files.
  MILLGATE_ASSIGN(const Commit theirs, repository.read_commit(request.theirs));
  MILLGATE_ASSIGN(const Json origins, parse_json(theirs.origin_json, "origin of commit"));
  Json taken = Json::object();
  for (const auto& [table, version] : merge.tables) {
    if (!merge.merges.contains(table) && origins.contains(table)) taken[table] = origins[table];
  }
  commit.origin_json = dump_json(taken);
  return repository.commit(request.branch, commit);
}

Result<std::optional<MergeRequest>> waiting_merge(const Repository& repository) {
  const std::string path = path_of(repository);
  const auto text = read_file(path);
  if (!text.ok()) {
    if (text.error().code == ErrorCode::not_found) return std::optional<MergeRequest>();
    return text.error();
  }
  MILLGATE_ASSIGN(const Json json, parse_json(*text, path));
  MILLGATE_ASSIGN(MergeRequest request, from_json(json, path));
  return std::make_optional(std::move(request));
}

Status keep_waiting(const Repository& repository, const MergeRequest& request) {
  return write_file(path_of(repository), dump_json_pretty(to_json(request)) + "\n");
}

Status forget_waiting(const Repository& repository) {
  const std::string path = path_of(repository);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_failure("remove", path, errno);
  return {};
}

}  // namespace millgate
