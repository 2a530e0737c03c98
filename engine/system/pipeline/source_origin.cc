#include "system/pipeline/source_origin.h"

#include <memory>

#include "ground/json.h"

namespace millgate {

namespace {

Json about_of(const std::vector<std::pair<std::string, std::string>>& texts) {
  Json about = Json::object();
  for (const auto& [key, value] : texts) about[key] = value;
  return about;
}

}  // namespace

Result<BranchState> read_branch_state(const Repository& repository, const std::string& branch) {
  BranchState state;
  state.origin = std::make_unique<Json>(Json::object());
  MILLGATE_ASSIGN(const auto branches, repository.branches());
  const auto found = branches.find(branch);
  if (found == branches.end() || found->second == Id{}) return state;
  MILLGATE_ASSIGN(state.commit, repository.read_commit(found->second));
  MILLGATE_ASSIGN(*state.origin, parse_json(state.commit->origin_json, "origin of commit"));
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
          {"about", about_of(source.about)}};
}

Json origin_of(const FolderSource& source) {
  return {{"folder", source.path}, {"ignore", source.ignore}, {"about", about_of(source.about)}};
}

Json about_of(const Source& source) { return about_of(source.about); }

bool is_same_origin(const Json& one, const Json& other) {
  for (const char* member : {"files", "key", "null_texts"}) {
    if (!one.contains(member) || !other.contains(member)) return false;
    if (one.at(member) != other.at(member)) return false;
  }
  return true;
}

}  // namespace millgate
