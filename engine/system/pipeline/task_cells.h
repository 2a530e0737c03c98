/// How the values of rows that a training joins are shown to people.
#pragma once

#include "data/personal/guarded_cells.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

/// The columns of the task's table by their names, those of views and their windows as
/// "view.column", as far as they are made from columns whose policy masks or hashes them. Empty
/// where the project has no policy or no task. Errors: `damaged`, `outside`; those of the key.
[[nodiscard]] Result<GuardedCells> cells_of_task(const Repository& repository,
                                                 const Project& project, const Commit& commit);

}  // namespace millgate
