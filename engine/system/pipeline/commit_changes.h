/// `commit --changes`: a change set becomes the next version of one table.
#pragma once

#include <string>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/commit_sources.h"
#include "system/pipeline/project.h"

namespace millgate {

/// What to commit.
struct ChangeSet {
  std::string path;   ///< CSV, Parquet or JSON lines: the form is in data/store/change_set.h.
  std::string table;  ///< A table of the branch, with a key.
};

/// Commits `changes` on top of the branch, at the cost of the changes. The files of the table's
/// source are not read; when they change, the next `commit_sources` puts their rows in the place
/// of these.
///
/// Errors: `not_found` for the file, and for the table (nearest name); `invalid_input` for rows
/// that do not fit; `conflict` when another commit of the same table won.
[[nodiscard]] Result<CommitReport> commit_changes(Repository& repository, const Project& project,
                                                  const ChangeSet& changes,
                                                  const CommitOptions& options);

}  // namespace millgate
