/// Merges of whole commits, and those that wait for a person to decide about conflicts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/store/table_merge.h"
#include "ground/error.h"

namespace millgate {

/// What is merged: the change from `base` to `theirs`, into the branch `branch` at `ours`. A
/// revert of a commit is the change from it to its parent; a cherry-pick from the parent to it.
struct MergeRequest {
  std::string branch;
  Id base;
  Id ours;
  Id theirs;
  bool joins_history = true;  ///< The new commit gets `theirs` as its second parent.
  std::string message;
  /// "POLICY" for all columns, or "TABLE.COLUMN=POLICY".
  std::vector<std::string> policies;
  /// By table, then by key bytes and column.
  std::map<std::string, std::map<std::pair<std::string, std::string>, Resolution>> resolutions;
};

/// A merge as it came out.
struct CommitMerge {
  std::map<std::string, Id> tables;          ///< Those that become others than ours.
  std::map<std::string, TableMerge> merges;  ///< Those that both sides changed.

  [[nodiscard]] size_t conflict_count() const;
};

/// Errors: those of `merge_versions` with the table; `conflict` when both sides made a table of
/// one name; `invalid_input` for a policy.
[[nodiscard]] Result<CommitMerge> merge_commits(Repository& repository,
                                                const MergeRequest& request);

/// Commits a merge without conflicts. Errors: `conflict` when the branch moved.
[[nodiscard]] Result<Commit> commit_merge(Repository& repository, const MergeRequest& request,
                                          const CommitMerge& merge, const std::string& author);

/// The merge that waits in this project; there is at most one. Kept in `.millgate/merge.json`.
/// Errors: `damaged` when the file is no merge.
[[nodiscard]] Result<std::optional<MergeRequest>> waiting_merge(const Repository& repository);
[[nodiscard]] Status keep_waiting(const Repository& repository, const MergeRequest& request);
[[nodiscard]] Status forget_waiting(const Repository& repository);

}  // namespace millgate
