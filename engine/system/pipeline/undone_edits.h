/// What files that were edited would undo where the branch went on since they were taken from it.
#pragma once

#include <optional>
#include <string>

#include "data/store/table_version.h"
#include "data/tree/store_folder.h"
#include "ground/error.h"
#include "system/pipeline/file_standing.h"
#include "system/pipeline/source_origin.h"

namespace millgate {

/// Nothing where `next`, made from edited files of `table`, leaves alone what changed on the branch
/// from `standing.base` to `now`: each cell that changed there has in `next` the value that it has
/// on the branch. So files that took over what came are welcome, with more edits besides.
///
/// Errors: `conflict` naming a row, or the columns, and how to go on: by a branch where the files
/// were taken from, and a merge. The same where it cannot be known, as when millions of rows
/// differ.
[[nodiscard]] Status check_undone_rows(const Repository& repository, const BranchState& before,
                                       const std::string& table, const FileStanding& standing,
                                       const TableVersion& now, const TableVersion& next);

/// The same of a folder, by file; `changes` is how it differs from the branch.
/// Errors: `conflict`; those of read_tree.
[[nodiscard]] Status check_undone_files(const Repository& repository, const BranchState& before,
                                        const std::string& folder, const FileStanding& standing,
                                        const FolderChanges& changes);

}  // namespace millgate
