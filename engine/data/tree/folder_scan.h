/// What lies in a folder of the user, told by names and stat(2) alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/tree/tree.h"
#include "ground/error.h"

namespace millgate {

/// What tells that a file is as it was: when one of these differs, it is read again.
struct FileStamp {
  uint64_t inode = 0;
  uint64_t size_bytes = 0;
  int64_t changed_nanos = 0;  ///< Time of change of the inode, which no program can set.
  int64_t written_nanos = 0;  ///< Time of change of the content.
  bool operator==(const FileStamp&) const = default;
};

struct FoundFile {
  std::string path;  ///< Relative to the folder.
  FileKind kind = FileKind::plain;
  FileStamp stamp;
};

/// A folder of the user that is kept as a tree.
struct FolderPlace {
  std::string path;
  /// Names that are left out, of files and folders anywhere in it; `*`, `?`, `[...]`.
  std::vector<std::string> ignore = {};
};

/// All files and symbolic links in the folder and those below, sorted by the bytes of their paths.
/// Links are not followed, but `path` itself may be one. Empty folders leave no trace.
/// Errors: `not_found`; `outside`; `invalid_input` for a device, socket or pipe in it.
[[nodiscard]] Result<std::vector<FoundFile>> scan_folder(const FolderPlace& place);

/// The stamp of one file. Errors: `not_found`, `outside`.
[[nodiscard]] Result<FileStamp> stamp_of(const std::string& path);

}  // namespace millgate
