#include "system/pipeline/folder_state.h"

#include <algorithm>

#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr size_t kTreesMax = 16;
constexpr int kCommitsMax = 1000;

}  // namespace

std::string folder_index_path(const Repository& repository, const std::string& name) {
  return repository.folder("cache") + "/folders/" + name + ".index";
}

Result<std::vector<Id>> recent_trees(const Repository& repository, const Commit& tip,
                                     const std::string& name) {
  std::vector<Id> trees;
  Commit commit = tip;
  for (int back = 0; back < kCommitsMax && trees.size() < kTreesMax; ++back) {
    const auto found = commit.trees.find(name);
    if (found != commit.trees.end() &&
        std::find(trees.begin(), trees.end(), found->second) == trees.end()) {
      trees.push_back(found->second);
    }
    if (commit.parents.empty()) break;
    MILLGATE_ASSIGN(commit, repository.read_commit(commit.parents[0]));
  }
  return trees;
}

Result<FolderSource> find_folder_source(const Project& project, const std::string& name) {
  std::vector<std::string> names;
  for (const FolderSource& source : project.folders) {
    if (source.name == name) return source;
    names.push_back(source.name);
  }
  return not_found("there is no folder `" + name + "` in the project",
                   names.empty() ? "name one in millgate.toml: [[source]] with kind = \"folder\""
                                 : name_hint(name, names));
}

Result<Id> find_tree(const Commit& commit, const std::string& name) {
  if (const auto found = commit.trees.find(name); found != commit.trees.end()) {
    return found->second;
  }
  std::vector<std::string> names;
  names.reserve(commit.trees.size());
  for (const auto& [folder, tree] : commit.trees) names.push_back(folder);
  return not_found("there is no folder `" + name + "` in commit " + commit.id.brief(),
                   names.empty() ? "it holds no folders" : name_hint(name, names));
}

}  // namespace millgate
