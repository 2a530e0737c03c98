/// A folder of the user as it is now, with the contents that are known without reading.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/tree/folder_index.h"
#include "data/tree/folder_scan.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct FolderLook {
  FolderIndex index;                        ///< As it was read.
  std::vector<FoundFile> found;             ///< Sorted by path.
  std::vector<std::optional<Id>> contents;  ///< One a file of `found`.

  /// Files without content.
  [[nodiscard]] std::vector<const FoundFile*> unread() const;
  /// The number of a file of `found`.
  [[nodiscard]] size_t number_of(const FoundFile* file) const {
    return static_cast<size_t>(file - found.data());
  }
  /// Whether the folder is the tree `index.tree`, by names and stamps alone.
  [[nodiscard]] bool is_as_indexed() const;
};

/// Errors: as `scan_folder`. Without an index file, no content is known.
[[nodiscard]] Result<FolderLook> look_at_folder(const FolderPlace& place,
                                                const std::string& index_path);

/// Reads and hashes `files` (of `look.found`). Errors: as `read_files`.
[[nodiscard]] Status learn_contents(const FolderPlace& place,
                                    const std::vector<const FoundFile*>& files, FolderLook& look);

/// Writes the index; `tree` is what the folder is, nothing when it is no tree that is stored. Fresh
/// files are left out. Forgetting costs only time, so a full disk does no harm.
void remember_folder(const std::string& index_path, const FolderLook& look, std::optional<Id> tree);

}  // namespace millgate
