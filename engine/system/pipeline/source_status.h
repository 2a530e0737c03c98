/// What `commit` would change, without changing anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/store/about.h"
#include "data/store/repository.h"
#include "data/tree/store_folder.h"
#include "ground/error.h"
#include "system/pipeline/file_note.h"
#include "system/pipeline/project.h"
#include "system/pipeline/source_origin.h"

namespace millgate {

enum class SourceState : uint8_t { unchanged, changed, fresh };

/// One source beside the newest commit of a branch (system/pipeline/file_standing.h).
struct SourceStatus {
  std::string name;
  /// What its files were when they last agreed with a commit, and what the project file said.
  FileNote note;
  /// The version that they were then; nothing where it is not known, or there are no files.
  std::optional<Id> base;
  /// Not edited since, and the branch has another version: an older one of another branch than this
  /// (carried), or one that this branch went on from (behind).
  bool carried = false;
  bool behind = false;
  SourceState state = SourceState::unchanged;  ///< Of its files; `fresh`: not in the commit.
  std::vector<AboutChange> about;  ///< What was edited in the project file: news to the commit.
  /// What the commit says more by now: from the project file's to the commit's.
  std::vector<AboutChange> about_behind;
  int64_t file_count = 0;
  bool folder = false;
  bool has_path = true;   ///< Without, its rows come by commands, and there are no files.
  FolderChanges changes;  ///< Of a folder.
};

struct ProjectStatus {
  std::string branch;
  std::optional<Id> commit;  ///< Nothing on an empty branch.
  /// Tables, then folders, in the order of the project file. Tables without a path only where the
  /// commit has them.
  std::vector<SourceStatus> sources;
  [[nodiscard]] bool any_change() const;
};

/// Files whose stamps did not change since they were last read are not read. A table counts as
/// changed when its files or how they are read were edited; its rows may still be the same.
/// `branch` may be `@`, the current one.
/// Errors: `not_found` for the branch, a glob or folder that is not there; `outside`.
[[nodiscard]] Result<ProjectStatus> project_status(const Repository& repository,
                                                   const Project& project,
                                                   const std::string& branch);
/// The same beside any state that a branch could have.
[[nodiscard]] Result<ProjectStatus> project_status(const Repository& repository,
                                                   const Project& project,
                                                   const BranchState& before);

}  // namespace millgate
