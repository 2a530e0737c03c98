#include "system/pipeline/source_status.h"

#include <algorithm>

#include "ground/json.h"
#include "system/pipeline/folder_state.h"
#include "system/pipeline/source_origin.h"

namespace millgate {

namespace {

SourceState state_of(bool known, bool changed) {
  if (!known) return SourceState::fresh;
  return changed ? SourceState::changed : SourceState::unchanged;
}

Result<SourceStatus> table_status(const Project& project, const Source& source,
                                  const BranchState& before, HashCache& cache) {
  MILLGATE_ASSIGN(const auto files, find_source_files(project.folder, source, cache));
  const bool known = before.commit && before.commit->tables.contains(source.name) &&
                     before.origin->contains(source.name);
  const bool same =
      known && is_same_origin(before.origin->at(source.name), origin_of(source, files));
  SourceStatus status;
  status.name = source.name;
  status.state = state_of(known, !same);
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
  auto changes = compare_folder(repository.objects(), place_of(project.folder, source),
                                folder_index_path(repository, source.name), tree);
  if (!changes.ok()) {
    return std::move(changes).error().inside("cannot look at folder `" + source.name + "`");
  }
  SourceStatus status;
  status.name = source.name;
  status.folder = true;
  status.state = state_of(tree.has_value(), changes->any());
  status.file_count = changes->file_count;
  status.changes = std::move(changes).value();
  return status;
}

}  // namespace

bool ProjectStatus::any_change() const {
  return std::any_of(sources.begin(), sources.end(),
                     [](const SourceStatus& one) { return one.state != SourceState::unchanged; });
}

Result<ProjectStatus> project_status(const Repository& repository, const Project& project,
                                     const std::string& branch) {
  MILLGATE_ASSIGN(const BranchState before, read_branch_state(repository, branch));
  ProjectStatus status;
  if (before.commit) status.commit = before.commit->id;
  HashCache cache(repository.folder("cache") + "/files.json");
  for (const Source& source : project.sources) {
    if (source.path.empty()) continue;
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
