#include "data/store/commit_merge.h"

#include <arrow/type.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "data/store/about.h"
#include "data/store/table_version.h"
#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr const char* kFormat = "millgate waiting merge";
constexpr int kVersion = 2;

Result<Id> id_member(const Json& json, const char* name, const std::string& object) {
  MILLGATE_ASSIGN(const auto hex, json_member<std::string>(json, name, object));
  return Id::parse(hex);
}

std::string path_of(const Repository& repository) {
  return repository.project_folder() + "/.millgate/merge.json";
}

/// "POLICY" for every column, or "TABLE.COLUMN=POLICY" for one.
struct PolicyText {
  std::string table;
  std::string column;
  MergePolicy policy = MergePolicy::conflict;
};

Result<PolicyText> parse_policy_text(const std::string& text) {
  PolicyText parsed;
  const size_t equals = text.find('=');
  if (equals == std::string::npos) {
    MILLGATE_ASSIGN(parsed.policy, parse_merge_policy(text));
    return parsed;
  }
  MILLGATE_ASSIGN(parsed.policy, parse_merge_policy(text.substr(equals + 1)));
  const size_t dot = text.find('.');
  if (dot == std::string::npos || dot > equals) {
    return invalid_input("merge policy `" + text + "` names no column",
                         "write TABLE.COLUMN=POLICY, or one POLICY for all columns");
  }
  parsed.table = text.substr(0, dot);
  parsed.column = text.substr(dot + 1, equals - dot - 1);
  return parsed;
}

Result<MergeOptions> options_for(const MergeRequest& request, const std::string& table,
                                 const std::vector<Time>& times) {
  MergeOptions options;
  options.times = times;
  for (const std::string& text : request.policies) {
    MILLGATE_ASSIGN(const PolicyText parsed, parse_policy_text(text));
    if (parsed.column.empty()) {
      options.policy = parsed.policy;
    } else if (parsed.table == table) {
      options.by_column[parsed.column] = parsed.policy;
    }
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

/// What a commit of each side has of one table.
struct SideVersions {
  size_t change = 0;  ///< Its place in MergeRequest::changes.
  std::optional<Id> base;
  Id theirs;
};

/// One table of all commits that are merged.
class TableOfCommits {
 public:
  TableOfCommits(Repository& repository, std::string name, std::optional<Id> ours)
      : repository_(repository), name_(std::move(name)), ours_(ours) {}

  void add(size_t change, std::optional<Id> base, std::optional<Id> theirs) {
    if (!theirs || theirs == ours_ || theirs == base) return;
    sides_.push_back({.change = change, .base = base, .theirs = *theirs});
  }

  Status merge(MergeOptions options, CommitMerge& merge) const {
    if (sides_.empty()) return {};
    const bool theirs_alone =
        std::all_of(sides_.begin(), sides_.end(), [&](const SideVersions& side) {
          return side.base == ours_ && side.theirs == sides_[0].theirs;
        });
    if (theirs_alone) {
      merge.tables[name_] = sides_[0].theirs;
      return {};
    }
    ObjectStore& objects = repository_.objects();
    std::vector<MergeSide> sides;
    std::vector<Time> times = {options.times[0]};
    for (const SideVersions& side : sides_) {
      if (!ours_ || !side.base) {
        return Error{.code = ErrorCode::conflict,
                     .what = "both sides made a table `" + name_ + "`, and nothing is before it",
                     .hint = "commit one of them under another name"};
      }
      MergeSide versions;
      MILLGATE_ASSIGN(versions.base, read_table_version(objects, *side.base));
      MILLGATE_ASSIGN(versions.theirs, read_table_version(objects, side.theirs));
      sides.push_back(std::move(versions));
      times.push_back(options.times[side.change + 1]);
    }
    options.times = std::move(times);
    MILLGATE_ASSIGN(const TableVersion our_version, read_table_version(objects, *ours_));
    auto merged = merge_versions(objects, our_version, sides, options);
    if (!merged.ok()) {
      return std::move(merged).error().inside("cannot merge table `" + name_ + "`");
    }
    if (merged->version.id != *ours_) merge.tables[name_] = merged->version.id;
    merge.merges.emplace(name_, *std::move(merged));
    return {};
  }

 private:
  Repository& repository_;
  std::string name_;
  std::optional<Id> ours_;
  std::vector<SideVersions> sides_;
};

Json to_json(const MergeRequest& request) {
  Json json = {{"format", kFormat},           {"version", kVersion},
               {"branch", request.branch},    {"ours", request.ours.hex()},
               {"changes", Json::array()},    {"joins_history", request.joins_history},
               {"message", request.message},  {"policies", request.policies},
               {"resolutions", Json::array()}};
  for (const MergedChange& change : request.changes) {
    json["changes"].push_back({{"base", change.base.hex()}, {"theirs", change.theirs.hex()}});
  }
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
  MILLGATE_ASSIGN(const int version, json_member<int>(json, "version", object));
  if (version != kVersion) {
    return invalid_input(
        object + " was written by another version of millgate",
        "finish the merge with that one, or begin it anew: `millgate merge --abort`");
  }
  MILLGATE_ASSIGN(request.branch, json_member<std::string>(json, "branch", object));
  MILLGATE_ASSIGN(request.ours, id_member(json, "ours", object));
  MILLGATE_ASSIGN(const Json changes, json_member<Json>(json, "changes", object));
  for (const Json& entry : changes) {
    MergedChange change;
    MILLGATE_ASSIGN(change.base, id_member(entry, "base", object));
    MILLGATE_ASSIGN(change.theirs, id_member(entry, "theirs", object));
    request.changes.push_back(change);
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
  for (const auto& [source, about] : abouts) count += about.conflicts.size();
  return count;
}

Result<std::vector<MergedChange>> changes_to_merge(const Repository& repository, const Id& ours,
                                                   const std::vector<std::string>& branches) {
  std::vector<MergedChange> changes;
  for (const std::string& branch : branches) {
    MILLGATE_ASSIGN(const Commit theirs, repository.resolve(branch));
    MILLGATE_ASSIGN(const auto base, repository.merge_base(ours, theirs.id));
    if (!base) {
      return Error{.code = ErrorCode::conflict,
                   .what = "`" + branch + "` has no commit in common with the branch that gets it",
                   .hint = "commit the rows of one as a change of the other"};
    }
    if (base->id == theirs.id) continue;
    changes.push_back({.base = base->id, .theirs = theirs.id});
  }
  std::vector<MergedChange> kept;
  for (size_t i = 0; i < changes.size(); ++i) {
    bool held = false;
    for (size_t j = 0; j < changes.size() && !held; ++j) {
      if (i == j) continue;
      MILLGATE_ASSIGN(const auto base, repository.merge_base(changes[i].theirs, changes[j].theirs));
      // Of two names of one commit the first stays.
      held = base && base->id == changes[i].theirs && (base->id != changes[j].theirs || j < i);
    }
    if (!held) kept.push_back(changes[i]);
  }
  return kept;
}

Status check_merge_policies(const Repository& repository, const std::vector<std::string>& policies,
                            const std::vector<Id>& commits) {
  std::map<std::string, std::set<std::string>> columns;  // By table.
  for (const std::string& text : policies) {
    MILLGATE_ASSIGN(const PolicyText parsed, parse_policy_text(text));
    if (parsed.column.empty()) continue;
    for (const Id& id : columns.empty() ? commits : std::vector<Id>()) {
      MILLGATE_ASSIGN(const Commit commit, repository.read_commit(id));
      for (const auto& [name, version_id] : commit.tables) {
        MILLGATE_ASSIGN(const TableVersion version,
                        read_table_version(repository.objects(), version_id));
        for (const std::string& column : version.schema->field_names()) {
          columns[name].insert(column);
        }
      }
    }
    const auto table = columns.find(parsed.table);
    if (table == columns.end()) {
      std::vector<std::string> names;
      names.reserve(columns.size());
      for (const auto& [name, of_table] : columns) names.push_back(name);
      return not_found("merge policy `" + text + "`: there is no table `" + parsed.table + "`",
                       name_hint(parsed.table, names));
    }
    if (!table->second.contains(parsed.column)) {
      return not_found("merge policy `" + text + "`: table `" + parsed.table + "` has no column `" +
                           parsed.column + "`",
                       name_hint(parsed.column, std::vector<std::string>(table->second.begin(),
                                                                         table->second.end())));
    }
  }
  return {};
}

Result<CommitMerge> merge_commits(Repository& repository, const MergeRequest& request) {
  MILLGATE_ASSIGN(const Commit ours, repository.read_commit(request.ours));
  std::vector<Time> times = {ours.time};
  std::map<std::string, TableOfCommits> tables;
  std::set<std::string> names;  // Of tables and folders.
  std::vector<AboutSide> sides;
  for (size_t i = 0; i < request.changes.size(); ++i) {
    MILLGATE_ASSIGN(const Commit base, repository.read_commit(request.changes[i].base));
    MILLGATE_ASSIGN(const Commit theirs, repository.read_commit(request.changes[i].theirs));
    times.push_back(theirs.time);
    for (const auto& [name, version] : theirs.tables) {
      const auto table = tables.try_emplace(name, repository, name, version_in(ours, name)).first;
      table->second.add(i, version_in(base, name), version);
      names.insert(name);
    }
    for (const auto& [name, tree] : theirs.trees) names.insert(name);
    sides.push_back({.base = base, .theirs = theirs});
  }
  CommitMerge merge;
  for (const auto& [name, table] : tables) {
    MILLGATE_ASSIGN(MergeOptions options, options_for(request, name, times));
    MILLGATE_TRY(table.merge(std::move(options), merge));
  }
  for (const std::string& name : names) {
    MILLGATE_ASSIGN(const MergeOptions options, options_for(request, name, times));
    MILLGATE_ASSIGN(AboutMerge about, merge_about(ours, sides, name, options));
    if (about.merged_count + about.settled_count > 0 || !about.conflicts.empty()) {
      merge.abouts.emplace(name, std::move(about));
    }
  }
  return merge;
}

Result<Commit> commit_merge(Repository& repository, const MergeRequest& request,
                            const CommitMerge& merge, const std::string& author,
                            const std::string& event_note_json) {
  if (merge.conflict_count() > 0) return bug("a merge with conflicts was to be committed");
  NewCommit commit;
  commit.tables = merge.tables;
  commit.based_on = request.ours;
  commit.author = author;
  commit.message = request.message;
  commit.event_note_json = event_note_json;
  Json taken = Json::object();
  for (const MergedChange& change : request.changes) {
    if (request.joins_history) commit.merged_parents.push_back(change.theirs);
    // A table that only they changed is made from their files.
    MILLGATE_ASSIGN(const Commit theirs, repository.read_commit(change.theirs));
    MILLGATE_ASSIGN(const Json origins, parse_json(theirs.origin_json, "origin of commit"));
    for (const auto& [table, version] : merge.tables) {
      if (merge.merges.contains(table) || !origins.contains(table)) continue;
      if (version_in(theirs, table) == version) taken[table] = origins[table];
    }
  }
  commit.origin_json = dump_json(taken);
  MILLGATE_ASSIGN(const Commit ours, repository.read_commit(request.ours));
  for (const auto& [table, origin] : taken.items()) {
    MILLGATE_ASSIGN(const Json about, about_in(ours, table));
    commit.abouts[table] = dump_json(about);
  }
  for (const auto& [source, about] : merge.abouts) commit.abouts[source] = about.about_json;
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
