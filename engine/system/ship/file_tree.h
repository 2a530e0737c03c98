/// Files and folders by path, as they will lie where a package is unpacked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// One file or folder. Owner of all but folders of state is root.
struct PackedEntry {
  std::string bytes;
  bool is_folder = false;
  uint32_t mode = 0644;  ///< Permissions alone.
  uint32_t owner = 0;    ///< User and group.
};

/// Paths are relative, with `/`, and sorted; folders above a file come by themselves.
class FileTree {
 public:
  void add_file(const std::string& path, std::string bytes, uint32_t mode = 0644);
  void add_folder(const std::string& path, uint32_t mode = 0755, uint32_t owner = 0);
  /// All of `other`, below `folder`.
  void add_tree(const std::string& folder, const FileTree& other);

  [[nodiscard]] const std::map<std::string, PackedEntry>& entries() const { return entries_; }
  [[nodiscard]] int64_t size_bytes() const;

  /// As a POSIX ustar archive; every time is `time_seconds`, owners are numbers without names. Same
  /// tree, same bytes. Paths longer than ustar has room for go into a pax header.
  [[nodiscard]] std::string to_tar(int64_t time_seconds) const;

 private:
  void add_parents(const std::string& path);
  std::map<std::string, PackedEntry> entries_;
};

/// Whether something may be written into `folder`: it is missing or empty. Errors: `conflict`.
[[nodiscard]] Status check_empty_folder(const std::string& folder);

}  // namespace millgate
