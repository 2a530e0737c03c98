/// Merges of whole commits, and those that wait for a person to decide about conflicts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/about_merge.h"
#include "data/store/repository.h"
#include "data/store/table_merge.h"
#include "ground/error.h"

namespace millgate {

/// A change to take: that from `base` to `theirs`.
struct MergedChange {
  Id base;
  Id theirs;
};

/// What is merged into the branch `branch` at `ours`. Several changes are those of several
/// branches, which have one vote each. A revert of a commit is the change from it to its parent; a
/// cherry-pick that from the parent to it.
struct MergeRequest {
  std::string branch;
  Id ours;
  std::vector<MergedChange> changes;
  bool joins_history = true;  ///< The new commit gets each `theirs` as a parent.
  std::string message;
  /// "POLICY" for all columns, or "TABLE.COLUMN=POLICY".
  std::vector<std::string> policies;
  /// By table, then by key bytes and column.
  std::map<std::string, std::map<std::pair<std::string, std::string>, Resolution>> resolutions;
};

/// A merge as it came out.
struct CommitMerge {
  std::map<std::string, Id> tables;          ///< Those that become others than ours.
  std::map<std::string, TableMerge> merges;  ///< Those that several sides changed.
  std::map<std::string, AboutMerge> abouts;  ///< By table or folder that others say more about.

  [[nodiscard]] size_t conflict_count() const;
};

/// The changes of `branches` (revisions) that `ours` lacks: without those that it has, and without
/// those that another of them has, so that nobody votes twice. May be empty.
/// Errors: `conflict` for one that shares no commit with `ours`.
[[nodiscard]] Result<std::vector<MergedChange>> changes_to_merge(
    const Repository& repository, const Id& ours, const std::vector<std::string>& branches);

/// Errors: `invalid_input` for a policy, `not_found` for a table or column that is in none of the
/// commits, each with the nearest name.
[[nodiscard]] Status check_merge_policies(const Repository& repository,
                                          const std::vector<std::string>& policies,
                                          const std::vector<Id>& commits);

/// Errors: those of `merge_versions` with the table; `conflict` when several sides made a table of
/// one name; `invalid_input` for a policy.
[[nodiscard]] Result<CommitMerge> merge_commits(Repository& repository,
                                                const MergeRequest& request);

/// Commits a merge without conflicts; `event_note_json` as in NewCommit. Errors: `conflict` when
/// the branch moved.
[[nodiscard]] Result<Commit> commit_merge(Repository& repository, const MergeRequest& request,
                                          const CommitMerge& merge, const std::string& author,
                                          const std::string& event_note_json = {});

/// The merge that waits in this project; there is at most one. Kept in `.millgate/merge.json`.
/// Errors: `damaged` when the file is no merge.
[[nodiscard]] Result<std::optional<MergeRequest>> waiting_merge(const Repository& repository);
[[nodiscard]] Status keep_waiting(const Repository& repository, const MergeRequest& request);
[[nodiscard]] Status forget_waiting(const Repository& repository);

}  // namespace millgate
