/// From a tree back to files on the disk: only those that are not there already.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "data/tree/folder_scan.h"
#include "data/tree/tree.h"
#include "ground/error.h"

namespace millgate {

/// A folder that may hold files of the same content already, with the index of what it holds.
struct DonorFolder {
  std::string path;
  std::string index_path;
};

struct CheckoutOptions {
  std::string part;  ///< A file or folder in the tree; empty: everything.
  /// Trees whose files are safe: a file of the user with another content would be lost.
  std::vector<Id> known_trees;
  bool force = false;  ///< Overwrite and remove files also when they would be lost.
  /// Files whose content lies in one of these are made from there: by a reflink (sharing blocks,
  /// copied on write) where the file system can.
  std::vector<DonorFolder> donors;
  /// Else by a hard link: costs nothing anywhere, but both names are one file then, so a change
  /// through one is seen through the other. Executable bits must agree.
  bool hard_links = false;
  std::function<void(double share)> progress;  ///< Of the files.
};

struct CheckoutReport {
  int64_t file_count = 0;  ///< Of the part.
  int64_t unchanged = 0;   ///< Were there already.
  int64_t reflinked = 0;
  int64_t hard_linked = 0;
  int64_t copied = 0;  ///< Written from the store.
  int64_t copied_bytes = 0;
  int64_t removed = 0;  ///< Of the part, not in the tree.
};

/// Makes the files of `tree` in `place` (those of `part`), and removes others there. Each file
/// appears whole and with the right content, or not; it is checked against its hash on the way.
/// `index_path` is the index of `place`; empty for a folder that has none.
///
/// Errors: `conflict` naming files that would be lost; `not_found` for a part that is not in the
/// tree, with the nearest name; `damaged` naming the file and the object; `outside`.
[[nodiscard]] Result<CheckoutReport> check_out(const ObjectStore& objects, const Tree& tree,
                                               const FolderPlace& place,
                                               const std::string& index_path,
                                               const CheckoutOptions& options);

}  // namespace millgate
