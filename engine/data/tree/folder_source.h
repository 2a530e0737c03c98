/// A `[[source]]` of kind "folder" in the project file: files that are kept as a tree.
#pragma once

#include <string>
#include <vector>

#include "data/table/about.h"
#include "data/tree/folder_scan.h"
#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

struct FolderSource {
  std::string name;                 ///< What the folder is called in commits.
  std::string path;                 ///< Relative to the project.
  std::vector<std::string> ignore;  ///< See FolderPlace.
  About about;                      ///< Origin, licence, labelling ...
  Section section;                  ///< Where it stands, for messages.
};

/// Reads one. `kind` was asked for by the caller. Errors: `invalid_input` with the place.
[[nodiscard]] Result<FolderSource> read_folder_source(Section section);

/// Where it lies on the disk.
[[nodiscard]] FolderPlace place_of(const std::string& project_folder, const FolderSource& source);

}  // namespace millgate
