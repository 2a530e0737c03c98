/// From a folder of the user to a tree, reading only what changed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/tree/folder_scan.h"
#include "data/tree/tree.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// What storing a folder gave.
struct StoredFolder {
  Id tree;
  bool changed = false;  ///< The tree differs from the one before.
  int64_t file_count = 0;
  int64_t size_bytes = 0;
  int64_t added = 0;     ///< Files that the tree before did not have.
  int64_t modified = 0;  ///< Other content or another kind.
  int64_t removed = 0;
  int64_t read_bytes = 0;  ///< Of files that had to be read.
  int64_t new_bytes = 0;   ///< Of new packs.
};

struct StoreFolderOptions {
  std::string index_path;  ///< A file of the cache folder.
  /// Trees of this folder, the newest first: what they hold is not stored again. The first is what
  /// `changed` and the counts compare with.
  std::vector<Id> before;
  std::function<void(double share)> progress;  ///< Of the bytes that must be read.
};

/// Stores the files of the folder as a tree. When neither names nor stamps differ from the last
/// time, nothing is read but the folder itself. Files of the same content are stored once.
/// Errors: those of `scan_folder`; `conflict` when a file changes while it is read; `outside`.
[[nodiscard]] Result<StoredFolder> store_folder(ObjectStore& objects, const FolderPlace& place,
                                                const StoreFolderOptions& options);

/// How a folder differs from a tree.
struct FolderChanges {
  std::vector<std::string> added;
  std::vector<std::string> modified;
  std::vector<std::string> removed;
  int64_t file_count = 0;
  [[nodiscard]] bool any() const { return !added.empty() || !modified.empty() || !removed.empty(); }
};

/// Compares without storing; files whose stamps are not known are hashed, and the index learns
/// them. `tree`: nothing means an empty folder. Errors: as `store_folder`.
[[nodiscard]] Result<FolderChanges> compare_folder(const ObjectStore& objects,
                                                   const FolderPlace& place,
                                                   const std::string& index_path,
                                                   const std::optional<Id>& tree);

}  // namespace millgate
