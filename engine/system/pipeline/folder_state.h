/// The folders of the project as the store knows them: their index and their trees.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "data/tree/folder_source.h"
#include "ground/error.h"
#include "ground/id.h"
#include "system/pipeline/project.h"

namespace millgate {

/// The file of the cache folder that remembers what lies in the folder `name`.
[[nodiscard]] std::string folder_index_path(const Repository& repository, const std::string& name);

/// The different trees of folder `name` in `tip` and its first parents, newest first, at most
/// sixteen in the last thousand commits. What they hold need not be stored again.
[[nodiscard]] Result<std::vector<Id>> recent_trees(const Repository& repository, const Commit& tip,
                                                   const std::string& name);

/// The source of kind "folder" called `name`. Errors: `not_found` with the nearest name.
[[nodiscard]] Result<FolderSource> find_folder_source(const Project& project,
                                                      const std::string& name);

/// The tree of folder `name` in `commit`. Errors: `not_found` with the nearest name.
[[nodiscard]] Result<Id> find_tree(const Commit& commit, const std::string& name);

}  // namespace millgate
