/// Which commits changed a table, a folder, or a part of a folder.
#pragma once

#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// A table, a folder, or with `part` what lies at or below a path inside a folder.
struct DataPath {
  std::string name;
  std::string part;
};

/// Of `newest` and its first-parent ancestors those that changed one of `paths`, newest first, at
/// most `count_max`: other rows or files than the first parent has, made first, removed, or said
/// something else about. A merge changed what it brought in. Of a folder's part, only the leaves
/// that may hold it are read, and none where the whole folder is the same.
/// Errors: `not_found` for a path that none of them ever had, with the nearest name;
/// `invalid_input` for a part of a table; `damaged` for objects.
[[nodiscard]] Result<std::vector<Commit>> commits_that_changed(const Repository& repository,
                                                               const Commit& newest,
                                                               const std::vector<DataPath>& paths,
                                                               int count_max);

}  // namespace millgate
