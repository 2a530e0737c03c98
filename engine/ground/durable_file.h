/// The steps by which a file reaches the disk whole: written beside, synced, renamed, folder
/// synced. For the local store and for the user's files; other rooms use file_store.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// An error for the failed system call that left `error_number` in errno: "cannot write
/// `path`: No space left on device", with a hint for the usual causes.
/// `not_found` for a missing file or folder, else `outside`.
[[nodiscard]] Error system_failure(std::string_view action, const std::string& path,
                                   int error_number);

/// Makes the folder `path` and those above it; each new one is synced into its parent.
[[nodiscard]] Status make_folders(const std::string& path);

/// Brings the contents of the file, or the entries of the folder, to the disk.
[[nodiscard]] Status sync_path(const std::string& path);

/// A name that no other process and no other thread uses: "<prefix><host>-<process>-...".
[[nodiscard]] std::string unique_name(std::string_view prefix);

/// Whether the process that a name of `unique_name` tells of is at work on this machine; nothing
/// for names of other machines and other names.
[[nodiscard]] std::optional<bool> is_of_running_process(std::string_view unique_name);

/// Both paths lie in one file system. `mode` as for chmod(2); 0 leaves it to the umask.
struct Publication {
  std::string temporary_path;
  std::string final_path;
  unsigned mode = 0;
};

/// Writes `bytes` to the temporary path, syncs, renames to the final path, syncs its folder.
/// After an error the temporary file is gone and the final path is what it was.
[[nodiscard]] Status publish_bytes(const Publication& publication, std::string_view bytes);

/// Publishes the existing file `source` by a rename; by a copy and a rename when it lies in
/// another file system. On success `source` is gone.
[[nodiscard]] Status publish_file(const std::string& source, const Publication& publication);

/// Gives `source`, which is synced and lies in the same file system, the name `final_path` unless a
/// file has it: of two callers at once one is told. `source` is gone in any case.
/// Errors: `conflict` when it exists.
[[nodiscard]] Status publish_new_file(const std::string& source, const std::string& final_path);

}  // namespace millgate
