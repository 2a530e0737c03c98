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
  state.files_as_they_are = branch != kCurrentBranch;
  for (const auto& [source, note] : workspace.carried_files) {
    FileNote known = FileNote::parse(note);
    if (tip) {
      MILLGATE_ASSIGN(known, settled_note(repository, *tip, source, std::move(known)));
    }
    state.notes.emplace(source, std::move(known));
  }
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

bool is_same_origin(const Json& one, const Json& other) {
  for (const char* member : {"files", "key", "null_texts"}) {
    if (!one.contains(member) || !other.contains(member)) return false;
    if (one.at(member) != other.at(member)) return false;
  }
  return true;
}

}  // namespace millgate
