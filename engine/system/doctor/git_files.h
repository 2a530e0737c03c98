/// The files that git holds: what the next commit has (its index), and what older commits had.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// Bytes that git holds under a path.
struct GitBlob {
  std::string id;    ///< git's name for the bytes.
  std::string path;  ///< From the folder that was asked about on.
  int64_t size_bytes = 0;
};

/// Files in the index below `folder`, by path. Submodules and links are left out.
/// Errors: `outside`.
[[nodiscard]] Result<std::vector<GitBlob>> indexed_files(const std::string& folder);

/// Files below `folder` that any commit of any branch or tag has had, those of the index too, each
/// under one of its paths. Errors: `outside`.
[[nodiscard]] Result<std::vector<GitBlob>> files_of_history(const std::string& folder);

/// Gives the bytes of each blob to `take`, in order, holding few of them in memory at a time.
/// Errors: `outside`.
[[nodiscard]] Status read_blobs(
    const std::string& folder, const std::vector<GitBlob>& blobs,
    const std::function<void(const GitBlob& blob, std::string_view bytes)>& take);

}  // namespace millgate
