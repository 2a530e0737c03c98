/// `commit`: the project's files become table versions, and these one commit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/column_rename.h"
#include "data/store/repository.h"
#include "data/store/table_version.h"
#include "data/tree/store_folder.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

/// How to commit.
struct CommitOptions {
  /// `@`: the current branch, where files that were carried there by a switch and did not change
  /// since are not committed. A name: the files as they are.
  std::string branch = kCurrentBranch;
  std::string message = {};  ///< Empty: a message that names the changed tables.
  std::string author = {};
  /// Take new, missing and retyped columns as they are in the files. Without it, a table keeps
  /// the columns and types of its last commit, and files that differ are an error.
  bool accept_schema = false;
  /// By table: columns that the new rows call otherwise than the last commit does. Not for changes
  /// of single rows, which name columns as the table does.
  std::map<std::string, std::vector<ColumnRename>> renames = {};
  /// Called with the source being read, and the share of all sources that is done.
  std::function<void(const std::string& source, double share)> progress = {};
};

/// How many rows of each kind a change set turned out to be.
struct ChangeSetRows {
  int64_t inserted_count = 0;
  int64_t updated_count = 0;
  int64_t removed_count = 0;
};

/// What a commit did to one table.
struct CommittedTable {
  std::string name;
  int64_t row_count = 0;
  int64_t row_count_before = 0;  ///< 0 when the table is new.
  int64_t new_bytes = 0;         ///< Of objects that the version before did not have.
  bool changed = false;
  bool about_changed = false;  ///< Its rows are as before; what is said of them is not.
  int64_t file_count = 0;
  std::optional<ChangeSetRows> change_set = {};  ///< Nothing where all rows were given.
};

/// What a commit did to one folder.
struct CommittedFolder {
  std::string name;
  StoredFolder stored;
  bool about_changed = false;  ///< Its files are as before; what is said of them is not.
};

/// What a commit did.
struct CommitReport {
  Commit commit;  ///< The tip of the branch when nothing changed.
  bool changed = false;
  using Table = CommittedTable;
  /// One a source with files, in the order of the project file, then those without whose `about`
  /// changed.
  std::vector<Table> tables;
  std::vector<CommittedFolder> folders;  ///< One a source of kind "folder", likewise.
};

/// Commits every source whose files, or whose `about`, differ from the newest commit of the branch.
/// Unchanged files (same path, size and time of change as when they were hashed) are not read.
/// All tables and folders change in one atomic commit; `origin_json` of it says, per table, which
/// files with which SHA-256 it came from, and the source's `about`.
///
/// Errors: `not_found` when a glob matches no file, and for a table or column to rename;
/// `invalid_input` with the place for bad rows and for columns that changed; `conflict` when
/// another commit of the same tables won.
[[nodiscard]] Result<CommitReport> commit_sources(Repository& repository, const Project& project,
                                                  const CommitOptions& options);

/// Those of `options` for one table, which the project file must have followed.
/// Errors: `invalid_input` at the place that still names a column as it was.
[[nodiscard]] Result<std::vector<ColumnRename>> renames_of(const Project& project,
                                                           const CommitOptions& options,
                                                           const std::string& table);

/// Of the objects with rows that `version` has and `before` has not.
[[nodiscard]] int64_t bytes_not_in(const TableVersion& version, const TableVersion& before);

}  // namespace millgate
