/// The bytes of one leaf of a tree. Inside the room; format: docs/formats/tree.md.
#pragma once

#include <string>
#include <string_view>

#include "data/tree/tree.h"
#include "ground/id.h"

namespace millgate {

/// Whether a leaf ends after the entry `path`: one path in 1024, by its hash.
[[nodiscard]] bool ends_leaf(std::string_view path);

/// Over path, kind, size and content of the entries, not over where their bytes lie.
[[nodiscard]] Id logical_hash_of(const TreeEntry* first, const TreeEntry* end);

/// The same entries give the same bytes.
[[nodiscard]] std::string leaf_bytes(const TreeEntry* first, const TreeEntry* end);

}  // namespace millgate
