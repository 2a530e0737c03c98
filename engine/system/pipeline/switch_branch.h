/// `switch`: another branch becomes the current one, and no file is lost or mistaken for news.
#pragma once

#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

struct BranchSwitch {
  std::string from;
  std::string to;
  /// Sources whose files are not those of `to`. They stay where they are, and are no change on
  /// `to` until somebody changes them: a commit there does not put them over its rows.
  std::vector<std::string> carried_tables;
  std::vector<std::string> carried_folders;
};

struct SwitchRequest {
  std::string branch;
  /// The revision where `branch` is made; empty: it is there already.
  std::string made_at = {};
  std::string author = {};  ///< Who makes it.
};

/// Makes another branch the current one. No file of the user is touched. Files that no commit of
/// the current branch has come along where both branches have the same version of their source;
/// else a commit on the new branch could only put them over it.
///
/// Errors: `conflict` for such files, naming the source, and when another process switches at the
/// same moment; `not_found` for the branch with the nearest name; those of `make_branch`.
[[nodiscard]] Result<BranchSwitch> switch_branch(Repository& repository, const Project& project,
                                                 const SwitchRequest& request);

}  // namespace millgate
