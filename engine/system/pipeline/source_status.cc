#include "system/pipeline/source_status.h"

#include <algorithm>

#include "ground/json.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/folder_state.h"

namespace millgate {

namespace {

SourceState state_of(bool known, bool changed) {
  if (!known) return SourceState::fresh;
  return changed ? SourceState::changed : SourceState::unchanged;
}

/// What the project file says, and how that stands to the commit.
Status add_about(const Repository& repository, const BranchState& before, const Json& about,
                 SourceStatus& status) {
  MILLGATE_ASSIGN(AboutStanding standing, about_standing(repository, before, status.name, about));
  status.about = std::move(standing.news);
  status.about_behind = std::move(standing.behind);
  // What was edited stays news until it is committed.
  const auto noted = before.notes.find(status.name);
  if (status.about.empty()) {
    (*status.note.files)["about"] = about;
  } else if (noted != before.notes.end() && noted->second.files->contains("about")) {
    (*status.note.files)["about"] = noted->second.files->at("about");
  } else {
    MILLGATE_ASSIGN((*status.note.files)["about"], about_in(*before.commit, status.name));
  }
  return {};
}

/// An old state of this branch, or of another one.
Status tell_behind(const Repository& repository, const BranchState& before,
                   const FileStanding& standing, SourceStatus& status) {
  status.note = standing.note;
  status.base = standing.base;
  if (standing.edited || !standing.behind) return {};
  std::optional<Commit> shared;
  if (standing.note.commit && standing.base) {
    MILLGATE_ASSIGN(shared, repository.merge_base(*standing.note.commit, before.commit->id));
  }
  status.behind = shared && shared->id == *standing.note.commit;
  status.carried = !status.behind;
  return {};
}

/// Of a table whose rows come by commands.
Result<SourceStatus> status_without_files(const Repository& repository, const Source& source,
                                          const BranchState& before) {
  SourceStatus status;
  status.name = source.name;
  status.has_path = false;
  MILLGATE_TRY(add_about(repository, before, to_json(source.about), status));
  return status;
}

Result<SourceStatus> table_status(const Repository& repository, const Project& project,
                                  const Source& source, const BranchState& before,
                                  HashCache& cache) {
  MILLGATE_ASSIGN(const auto files, find_source_files(project.folder, source, cache));
  const Json origin = origin_of(source, files);
  SourceStatus status;
  status.name = source.name;
  status.file_count = static_cast<int64_t>(files.size());
  const bool known = before.commit && before.commit->tables.contains(source.name);
  status.state = state_of(known, false);
  if (!known) return status;
  MILLGATE_ASSIGN(const FileStanding standing,
                  table_standing(repository, before, source.name, origin));
  MILLGATE_TRY(tell_behind(repository, before, standing, status));
  status.state = state_of(known, standing.edited);
  MILLGATE_TRY(add_about(repository, before, origin.at("about"), status));
  return status;
}

Result<SourceStatus> folder_status(const Repository& repository, const Project& project,
                                   const FolderSource& source, const BranchState& before) {
  SourceStatus status;
  status.name = source.name;
  status.folder = true;
  const bool known = before.commit && before.commit->trees.contains(source.name);
  const auto compare = [&](const std::optional<Id>& with) -> Result<FolderChanges> {
    auto changes = compare_folder(repository.objects(), place_of(project.folder, source),
                                  folder_index_path(repository, source.name), with);
    if (changes.ok()) return changes;
    return std::move(changes).error().inside("cannot look at folder `" + source.name + "`");
  };
  if (!known) {
    MILLGATE_ASSIGN(status.changes, compare(std::nullopt));
    status.state = state_of(false, true);
    status.file_count = status.changes.file_count;
    return status;
  }
  MILLGATE_ASSIGN(FileStanding standing, folder_standing(repository, before, source.name));
  MILLGATE_ASSIGN(status.changes, compare(standing.base));
  if (status.changes.any() && standing.behind) {
    // Files that are those of the branch agree with it, whatever was noted.
    MILLGATE_ASSIGN(FolderChanges to_branch, compare(before.commit->trees.at(source.name)));
    if (!to_branch.any()) {
      standing.note =
          FileNote(before.commit->id, Json{{"tree", before.commit->trees.at(source.name).hex()}});
      standing.base = standing.note.tree();
      standing.behind = false;
      status.changes = std::move(to_branch);
    }
  }
  standing.edited = status.changes.any();
  MILLGATE_TRY(tell_behind(repository, before, standing, status));
  status.state = state_of(true, standing.edited);
  status.file_count = status.changes.file_count;
  MILLGATE_TRY(add_about(repository, before, to_json(source.about), status));
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
      if (!known) continue;
      MILLGATE_ASSIGN(SourceStatus one, status_without_files(repository, source, before));
      status.sources.push_back(std::move(one));
      continue;
    }
    MILLGATE_ASSIGN(SourceStatus one, table_status(repository, project, source, before, cache));
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
