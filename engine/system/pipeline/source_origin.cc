#include "system/pipeline/source_origin.h"

#include <memory>

#include "ground/json.h"

namespace millgate {

Result<BranchState> branch_state_at(const std::string& branch,
                                    const std::optional<Commit>& commit) {
  BranchState state;
  state.branch = branch;
  state.commit = commit;
  state.origin = std::make_unique<Json>(Json::object());
  if (commit) {
    MILLGATE_ASSIGN(*state.origin, parse_json(commit->origin_json, "origin of commit"));
  }
  return state;
}

Result<BranchState> read_branch_state(const Repository& repository, const std::string& branch) {
  Workspace workspace;
  if (branch == kCurrentBranch) {
    MILLGATE_ASSIGN(workspace, read_workspace(repository.project_folder()));
  } else {
    workspace.branch = branch;
  }
  MILLGATE_TRY(repository.branch_name(branch));
  MILLGATE_ASSIGN(const auto branches, repository.branches());
  const auto found = branches.find(workspace.branch);
  std::optional<Commit> tip;
  if (found != branches.end() && found->second != Id{}) {
    MILLGATE_ASSIGN(tip, repository.read_commit(found->second));
  }
  MILLGATE_ASSIGN(BranchState state, branch_state_at(workspace.branch, tip));
  state.carried_files = std::move(workspace.carried_files);
  return state;
}

Json origin_of(const Source& source, const std::vector<SourceFile>& files) {
  Json list = Json::array();
  for (const SourceFile& file : files) {
    list.push_back({{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}});
  }
  return {{"files", list},
          {"key", source.key},
          {"null_texts", source.null_texts},
          {"about", to_json(source.about)}};
}

Json origin_of(const FolderSource& source) {
  return {{"folder", source.path}, {"ignore", source.ignore}, {"about", to_json(source.about)}};
}

bool BranchState::table_is_unchanged(const std::string& source, const Json& now) const {
  if (!commit || !commit->tables.contains(source)) return false;
  if (origin->contains(source) && is_same_origin(origin->at(source), now)) return true;
  const auto carried = carried_files.find(source);
  if (carried == carried_files.end()) return false;
  const auto json = parse_json(carried->second, "carried files");
  return json.ok() && is_same_origin(*json, now);
}

std::optional<Id> BranchState::carried_tree(const std::string& source) const {
  const auto carried = carried_files.find(source);
  if (carried == carried_files.end()) return std::nullopt;
  const auto json = parse_json(carried->second, "carried files");
  // Millgate before `about` was compared wrote the tree alone.
  const auto tree =
      Id::parse(json.ok() && json->is_object() ? json->value("tree", "") : carried->second);
  return tree.ok() ? std::make_optional(*tree) : std::nullopt;
}

Json BranchState::known_about(const std::string& source) const {
  if (const auto carried = carried_files.find(source); carried != carried_files.end()) {
    const auto json = parse_json(carried->second, "carried files");
    if (json.ok() && json->is_object() && json->contains("about")) return json->at("about");
  }
  if (!origin->contains(source)) return Json::object();
  return origin->at(source).value("about", Json::object());
}

std::vector<AboutChange> BranchState::about_news(const std::string& source,
                                                 const Json& about) const {
  const bool known = commit && (commit->tables.contains(source) || commit->trees.contains(source));
  if (!known || about_changes(known_about(source), about).empty()) return {};
  const Json committed =
      origin->contains(source) ? origin->at(source).value("about", Json::object()) : Json::object();
  return about_changes(committed, about);
}

bool is_same_origin(const Json& one, const Json& other) {
  for (const char* member : {"files", "key", "null_texts"}) {
    if (!one.contains(member) || !other.contains(member)) return false;
    if (one.at(member) != other.at(member)) return false;
  }
  return true;
}

}  // namespace millgate
