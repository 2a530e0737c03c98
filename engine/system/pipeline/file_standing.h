/// How the files of a source, and what the project file says of it, stand to a branch: edited,
/// behind it, or both.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/about.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/file_note.h"
#include "system/pipeline/source_origin.h"

namespace millgate {

/// Three states are compared: what the files were when they last agreed with a commit, what they
/// are, and what the branch has. Only files that were edited are news; where the branch went on
/// meanwhile (`behind`), news may undo what came (system/pipeline/undone_edits.h).
struct FileStanding {
  FileNote note;           ///< What they were: as it was noted, or as the history tells.
  std::optional<Id> base;  ///< The version that they were; nothing: it is not known.
  bool edited = false;     ///< They are something else now.
  bool behind = false;     ///< The branch has another version than `base`, or it is not known.
};

/// The version that `commit` has of a table or folder; nothing when it has none.
[[nodiscard]] std::optional<Id> version_at(const std::optional<Commit>& commit,
                                           const std::string& source);

/// Of a table whose files are now as `origin` says and that the branch has. Where nothing was
/// noted, files that an older commit says are those of that commit, and else edited ones of the
/// newest. Errors: `not_found`, `damaged`, `outside` for commits.
[[nodiscard]] Result<FileStanding> table_standing(const Repository& repository,
                                                  const BranchState& before,
                                                  const std::string& source,
                                                  const nlohmann::ordered_json& origin);

/// Of a folder that the branch has; `edited` is for who knows its files to find out.
/// Errors: as read_tree.
[[nodiscard]] Result<FileStanding> folder_standing(const Repository& repository,
                                                   const BranchState& before,
                                                   const std::string& source);
/// Whether two trees hold the same files.
[[nodiscard]] Result<bool> are_same_files(const Repository& repository, const Id& one,
                                          const Id& other);

/// How `about` of the project file stands to that of the branch, member by member.
struct AboutStanding {
  std::vector<AboutChange> news;    ///< Edited in the project file: from the commit's to its own.
  std::vector<AboutChange> behind;  ///< The other way: not edited, and the commit says more now.
  std::vector<AboutChange> overtaken;  ///< Those of `news` that the commit changed as well.
};

/// `about` is what the project file says. Nothing where the branch does not have the source.
/// Errors: `damaged`.
[[nodiscard]] Result<AboutStanding> about_standing(const Repository& repository,
                                                   const BranchState& before,
                                                   const std::string& source,
                                                   const nlohmann::ordered_json& about);

/// What a commit says of the source from now on: what the branch says, with the news of the project
/// file. Errors: `conflict` naming a member that both changed, and the next step; `damaged`.
[[nodiscard]] Result<nlohmann::ordered_json> about_to_commit(const Repository& repository,
                                                             const BranchState& before,
                                                             const std::string& source,
                                                             const nlohmann::ordered_json& about);

/// Notes that the project file's `about` of `source` is known to the branch. Silent where that
/// fails: the next command finds out by the history.
void note_about(const Repository& repository, const BranchState& before, const std::string& source,
                const nlohmann::ordered_json& about);

}  // namespace millgate
