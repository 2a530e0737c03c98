/// What this working copy of the project remembers for itself: its current branch. Not in the
/// ledger: it is about the files that lie here, not about what happened to the data.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "ground/error.h"

namespace millgate {

/// `@` as a revision or as the name of a branch: the current branch.
inline constexpr const char* kCurrentBranch = "@";
inline constexpr const char* kFirstBranch = "main";

/// Kept in `.millgate/workspace.json`; without that file it is a new one.
struct Workspace {
  std::string branch = kFirstBranch;
  /// By source: what its files were when they last agreed with a commit, and which commit, as JSON
  /// (system/pipeline/file_note.h). While they are that, they are no change on any branch.
  std::map<std::string, std::string> carried_files;
};

/// Errors: `damaged` when the file is something else; `outside`.
[[nodiscard]] Result<Workspace> read_workspace(const std::string& project_folder);

/// Gives `change` the workspace as it is and keeps what it makes of it, whole or not at all. Of
/// several processes one is in `change` at a time. An error of `change` keeps what was.
[[nodiscard]] Status change_workspace(const std::string& project_folder,
                                      const std::function<Status(Workspace&)>& change);

}  // namespace millgate
