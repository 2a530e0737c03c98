/// What was in a folder when it was last looked at, so that what did not change is not read.
#pragma once

#include <string>
#include <vector>

#include "data/tree/folder_scan.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// A file with the content that it had at that time.
struct KnownFile {
  FoundFile file;
  Id content;
};

/// A file of the cache folder. Losing it costs only time.
///
/// A file is remembered only when its time of change had passed for two seconds when it was read:
/// a change within the clock's grain would go unseen.
struct FolderIndex {
  Id tree;                       ///< What the folder was when the index was written.
  std::vector<KnownFile> files;  ///< Sorted by path; not all files of the tree.
};

/// An empty index when there is none, or none that can be read.
[[nodiscard]] FolderIndex read_folder_index(const std::string& path);
[[nodiscard]] Status write_folder_index(const std::string& path, const FolderIndex& index);

/// Whether a file with this stamp may be changed again without its stamp telling. This is about
/// the disk's clock, not about the clock of the project.
[[nodiscard]] bool is_fresh(const FileStamp& stamp);

}  // namespace millgate
