/// `rename`: a column gets another name, and no row is written.
#pragma once

#include <string>

#include "data/store/column_rename.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/commit_sources.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Commits the table of the branch with the column renamed. The files of the table's source are
/// not read: from now on they must call the column as the table does.
///
/// Errors: `not_found` for the table or the column (nearest name); `invalid_input` for a name that
/// is taken, and at the place of the project file that still has the old one
/// (system/pipeline/column_mention.h); `conflict` when another commit of the same table won.
[[nodiscard]] Result<CommitReport> rename_column(Repository& repository, const Project& project,
                                                 const std::string& table,
                                                 const ColumnRename& rename,
                                                 const CommitOptions& options);

}  // namespace millgate
