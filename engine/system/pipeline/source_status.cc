#include "system/pipeline/source_status.h"

#include <algorithm>

#include "ground/json.h"
#include "system/pipeline/folder_state.h"

namespace millgate {

namespace {

SourceState state_of(bool known, bool changed) {
  if (!known) return SourceState::fresh;
  return changed ? SourceState::changed : SourceState::unchanged;
}

/// The files of a table in the words of Workspace::carried_files: with what was known of them.
std::string carried_text(Json origin, const std::string& source, const BranchState& before) {
  if (before.commit) origin["about"] = before.known_about(source);
  return dump_json(origin);
}

/// Of a table whose rows come by commands.
SourceStatus status_without_files(const Source& source, const BranchState& before) {
  SourceStatus status;
  status.name = source.name;
  status.has_path = false;
  status.about = before.about_news(source.name, to_json(source.about));
  status.files = carried_text(Json::object(), source.name, before);
  return status;
}

Result<SourceStatus> table_status(const Project& project, const Source& source,
                                  const BranchState& before, HashCache& cache) {
  MILLGATE_ASSIGN(const auto files, find_source_files(project.folder, source, cache));
  const Json origin = origin_of(source, files);
  const bool known = before.commit && before.commit->tables.contains(source.name);
  const bool same = before.table_is_unchanged(source.name, origin);
  SourceStatus status;
  status.name = source.name;
  status.files = carried_text(origin, source.name, before);
  status.state = state_of(known, !same);
  if (same) status.about = before.about_news(source.name, origin.at("about"));
  status.carried = same && !(before.origin->contains(source.name) &&
                             is_same_origin(before.origin->at(source.name), origin));
  status.file_count = static_cast<int64_t>(files.size());
  return status;
}

Result<SourceStatus> folder_status(const Repository& repository, const Project& project,
                                   const FolderSource& source, const BranchState& before) {
  std::optional<Id> tree;
  if (before.commit) {
    const auto found = before.commit->trees.find(source.name);
    if (found != before.commit->trees.end()) tree = found->second;
  }
  const auto compare = [&](const std::optional<Id>& with) {
    return compare_folder(repository.objects(), place_of(project.folder, source),
                          folder_index_path(repository, source.name), with);
  };
  auto changes = compare(tree);
  const std::optional<Id> carried_tree = before.carried_tree(source.name);
  bool carried = false;
  if (changes.ok() && changes->any() && tree && carried_tree) {
    auto since = compare(carried_tree);
    carried = since.ok() && !since->any();
    if (carried || !since.ok()) changes = std::move(since);
  }
  if (!changes.ok()) {
    return std::move(changes).error().inside("cannot look at folder `" + source.name + "`");
  }
  SourceStatus status;
  status.name = source.name;
  status.folder = true;
  status.state = state_of(tree.has_value(), changes->any());
  status.file_count = changes->file_count;
  status.carried = carried;
  if (!changes->any()) status.about = before.about_news(source.name, to_json(source.about));
  const auto files = carried ? carried_tree : changes->any() ? std::nullopt : tree;
  if (files) status.files = carried_text({{"tree", files->hex()}}, source.name, before);
  status.changes = std::move(changes).value();
  return status;
}

}  // namespace

bool ProjectStatus::any_change() const {
  return std::any_of(sources.begin(), sources.end(), [](const SourceStatus& one) {
    return one.state != SourceState::unchanged || !one.about.empty();
  });
}

Result<ProjectStatus> project_status(const Repository& repository, const Project& project,
                                     const std::string& branch) {
  MILLGATE_ASSIGN(const BranchState before, read_branch_state(repository, branch));
  return project_status(repository, project, before);
}

Result<ProjectStatus> project_status(const Repository& repository, const Project& project,
                                     const BranchState& before) {
  ProjectStatus status;
  status.branch = before.branch;
  if (before.commit) status.commit = before.commit->id;
  HashCache cache(repository.folder("cache") + "/files.json");
  for (const Source& source : project.sources) {
    if (source.path.empty()) {
      const bool known = before.commit && before.commit->tables.contains(source.name);
      if (known) status.sources.push_back(status_without_files(source, before));
      continue;
    }
    MILLGATE_ASSIGN(SourceStatus one, table_status(project, source, before, cache));
    status.sources.push_back(std::move(one));
  }
  (void)cache.save();  // Forgetting hashes costs only time.
  for (const FolderSource& source : project.folders) {
    MILLGATE_ASSIGN(SourceStatus one, folder_status(repository, project, source, before));
    status.sources.push_back(std::move(one));
  }
  return status;
}

}  // namespace millgate
