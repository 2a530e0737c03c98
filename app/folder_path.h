/// What people write for files of a folder: "images/cats/1.png".
#pragma once

#include <string>

namespace millgate {

/// The folder's name in the project file, and the part of it; empty: everything.
struct FolderPath {
  std::string folder;
  std::string part;
};

/// Slashes at the end do not count.
[[nodiscard]] inline FolderPath parse_folder_path(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return {.folder = text, .part = ""};
  return {.folder = text.substr(0, slash), .part = text.substr(slash + 1)};
}

}  // namespace millgate
