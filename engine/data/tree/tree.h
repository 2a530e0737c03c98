/// A tree: the files of a folder at one moment, as an object over leaves and packs.
/// Format: docs/formats/tree.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

enum class FileKind : uint8_t { plain = 0, executable = 1, link = 2 };

/// Bytes of a file that lie in a row in one pack.
struct Piece {
  Id pack;
  uint32_t offset = 0;
  uint32_t length = 0;
};

/// One file, or one symbolic link, whose content is its target.
struct TreeEntry {
  std::string path;  ///< Relative to the folder, parts between `/`; any bytes but zero.
  FileKind kind = FileKind::plain;
  uint64_t size_bytes = 0;
  Id content;  ///< SHA-256 of the whole content: what `sha256sum` prints.
  std::vector<Piece> pieces;
};

/// A run of entries in one object.
struct TreeLeaf {
  Id object;
  std::string first_path;
  int64_t file_count = 0;
  int64_t size_bytes = 0;
  Id logical_hash;
};

/// The root object. Entries are sorted by the bytes of their paths; a leaf ends after an entry
/// whose path's hash says so, so that one changed file changes one leaf.
struct Tree {
  Id id;
  std::vector<TreeLeaf> leaves;
  int64_t file_count = 0;
  int64_t size_bytes = 0;
  Id logical_hash;  ///< Equal files give equal hashes, wherever their bytes lie.
};

/// Whether `path` may stand in a tree: relative, no empty part, no "." or "..", no zero byte.
/// What a tree says is written to the user's disk, so nothing may lead out of its folder.
[[nodiscard]] bool is_tree_path(std::string_view path);

/// Writes leaves and root for `entries`, which are sorted by path without repetition. Leaves that
/// `known` (may be null) has are not written again. Nothing refers to the tree until it is
/// committed. Errors: `outside`.
[[nodiscard]] Result<Tree> write_tree(ObjectStore& objects, const std::vector<TreeEntry>& entries,
                                      const Tree* known);

/// Errors: `not_found`, `damaged`; `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<Tree> read_tree(const ObjectStore& objects, const Id& id);
[[nodiscard]] Result<Tree> parse_tree(std::string_view text, const Id& id);
[[nodiscard]] Result<std::vector<TreeEntry>> read_leaf(const ObjectStore& objects,
                                                       const TreeLeaf& leaf);
[[nodiscard]] Result<std::vector<TreeEntry>> parse_leaf(std::string_view bytes, const Id& id);

/// The entry of `part` itself and those below the folder `part`; all when it is empty. Only the
/// leaves that can hold them are read.
[[nodiscard]] Result<std::vector<TreeEntry>> read_entries(const ObjectStore& objects,
                                                          const Tree& tree,
                                                          std::string_view part = {});

}  // namespace millgate
