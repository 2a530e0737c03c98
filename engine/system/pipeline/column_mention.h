/// Where the project file names a column of a table.
#pragma once

#include <string>

#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

/// Errors: `invalid_input` at the first place of the project file that calls a column of `table`
/// `before`, which is to be called `after` from now on: its source, rules about it, the task, the
/// features and views over it. Texts and names of other tables' columns do not count where the
/// file tells them apart.
[[nodiscard]] Status check_column_unnamed(const Project& project, const std::string& table,
                                          const std::string& before, const std::string& after);

}  // namespace millgate
