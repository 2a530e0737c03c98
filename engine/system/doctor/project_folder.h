/// The folders of a project: where people look for data, programs, tests and what is deployed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct ProjectFolder {
  std::string_view path;  ///< From the project's folder on.
  std::string_view what;  ///< What belongs there; the text of its README. Empty: git ignores it.
};

/// Trained models are in the store and features in the project file, so they have no folder.
[[nodiscard]] std::span<const ProjectFolder> project_folders();

/// Makes those that are missing in `project_folder`; gives back their paths. What is there stays as
/// it is. Errors: `outside`.
[[nodiscard]] Result<std::vector<std::string>> make_project_folders(
    const std::string& project_folder);

}  // namespace millgate
