/// Files that the next commit of git would bring in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct StagedFile {
  std::string path;  ///< From the top of the work tree.
  int64_t size_bytes = 0;
};

/// When large files are to be told, and whether they are refused.
struct LargeFileRule {
  int64_t size_bytes_max = int64_t{10} << 20;
  bool refuses = true;
};

/// From git's configuration: `millgate.sizeMax` ("10m") and `millgate.large` ("refuse", "warn").
/// Errors: `invalid_input` for other values.
[[nodiscard]] Result<LargeFileRule> large_file_rule(const std::string& folder);

/// Files new or changed in the index that are larger, the largest first. What git-lfs and other
/// filters keep elsewhere counts as what enters git.
/// Errors: `outside`.
[[nodiscard]] Result<std::vector<StagedFile>> large_staged_files(const std::string& folder,
                                                                 int64_t size_bytes_max);

}  // namespace millgate
