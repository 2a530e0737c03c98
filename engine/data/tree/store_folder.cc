#include "data/tree/store_folder.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/tree/chunk_writer.h"
#include "data/tree/file_batch.h"
#include "data/tree/folder_look.h"

namespace millgate {

namespace {

/// The entries of the newest tree, and where the contents of all trees lie.
struct Known {
  std::optional<Tree> newest;
  std::vector<TreeEntry> entries;
  std::unordered_map<Id, std::vector<Piece>> contents;
  std::vector<Id> packs;
};

Result<Known> read_known(const ObjectStore& objects, const std::vector<Id>& trees) {
  Known known;
  std::unordered_set<Id> leaves;
  std::unordered_set<Id> packs;
  for (const Id& id : trees) {
    MILLGATE_ASSIGN(Tree tree, read_tree(objects, id));
    for (const TreeLeaf& leaf : tree.leaves) {
      if (!leaves.insert(leaf.object).second) continue;
      MILLGATE_ASSIGN(std::vector<TreeEntry> entries, read_leaf(objects, leaf));
      for (TreeEntry& entry : entries) {
        for (const Piece& piece : entry.pieces) {
          if (packs.insert(piece.pack).second) known.packs.push_back(piece.pack);
        }
        known.contents.emplace(entry.content, entry.pieces);
        if (!known.newest) known.entries.push_back(std::move(entry));
      }
    }
    if (!known.newest) known.newest = std::move(tree);
  }
  return known;
}

template <typename Visit>
void compare(const std::vector<TreeEntry>& before, const FolderLook& look, Visit visit) {
  auto old = before.begin();
  for (size_t i = 0; i < look.found.size(); ++i) {
    const FoundFile& file = look.found[i];
    for (; old != before.end() && old->path < file.path; ++old) visit(&*old, nullptr, false);
    if (old == before.end() || old->path != file.path) {
      visit(nullptr, &file, false);
      continue;
    }
    visit(&*old, &file, old->kind == file.kind && old->content == look.contents[i]);
    ++old;
  }
  for (; old != before.end(); ++old) visit(&*old, nullptr, false);
}

/// Reads what must be read and gives every file its pieces.
class Storing {
 public:
  Storing(ObjectStore& objects, FolderLook& look, Known& known)
      : look_(look), known_(known), writer_(objects, known.packs) {}

  Status read(const std::string& folder, const std::function<void(double)>& progress) {
    // Content that the index knows but no tree at hand holds must be read after all.
    double total = 0;
    for (size_t i = 0; i < look_.found.size(); ++i) {
      if (!look_.contents[i] || !known_.contents.contains(*look_.contents[i])) {
        unread_.push_back(&look_.found[i]);
        total += static_cast<double>(look_.found[i].stamp.size_bytes);
      }
    }
    stored_.reserve(unread_.size());
    const auto take_chunk = [&](const ReadChunk& chunk) -> Status {
      MILLGATE_ASSIGN(const ChunkSpan span, writer_.add(chunk.id, chunk.bytes));
      append_span(spans_, span);
      return {};
    };
    const auto take_file = [&](const ReadFile& file) -> Status {
      MILLGATE_TRY(take(file));
      if (progress && total > 0) progress(static_cast<double>(read_bytes_) / total);
      return {};
    };
    MILLGATE_TRY(read_files(folder, unread_, take_chunk, take_file));
    return writer_.finish();
  }

  [[nodiscard]] std::vector<TreeEntry> entries() const {
    std::vector<TreeEntry> entries;
    entries.reserve(look_.found.size());
    for (size_t i = 0; i < look_.found.size(); ++i) {
      const FoundFile& file = look_.found[i];
      TreeEntry entry{.path = file.path,
                      .kind = file.kind,
                      .size_bytes = file.stamp.size_bytes,
                      .content = *look_.contents[i],
                      .pieces = {}};
      if (const auto fresh = stored_.find(entry.content); fresh != stored_.end()) {
        for (const ChunkSpan& span : fresh->second) entry.pieces.push_back(writer_.piece(span));
      } else {
        entry.pieces = known_.contents.at(entry.content);
      }
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  [[nodiscard]] int64_t read_bytes() const { return read_bytes_; }
  [[nodiscard]] int64_t new_bytes() const { return writer_.new_bytes(); }

 private:
  Status take(const ReadFile& read) {
    const size_t number = look_.number_of(unread_[taken_++]);
    look_.found[number].kind = read.file.kind;
    look_.found[number].stamp = read.file.stamp;
    look_.contents[number] = read.content;
    read_bytes_ += static_cast<int64_t>(read.file.stamp.size_bytes);
    std::vector<ChunkSpan> spans = std::exchange(spans_, {});
    if (known_.contents.contains(read.content) || stored_.contains(read.content)) return {};
    for (const ReadChunk& chunk : read.chunks) {
      MILLGATE_ASSIGN(const ChunkSpan span, writer_.add(chunk.id, chunk.bytes));
      append_span(spans, span);
    }
    stored_.emplace(read.content, std::move(spans));
    return {};
  }

  FolderLook& look_;
  Known& known_;
  ChunkWriter writer_;
  std::vector<const FoundFile*> unread_;  ///< Of `look_.found`.
  size_t taken_ = 0;
  std::vector<ChunkSpan> spans_;  ///< Of the long file that is being read.
  std::unordered_map<Id, std::vector<ChunkSpan>> stored_;
  int64_t read_bytes_ = 0;
};

}  // namespace

Result<StoredFolder> store_folder(ObjectStore& objects, const FolderPlace& place,
                                  const StoreFolderOptions& options) {
  MILLGATE_ASSIGN(FolderLook look, look_at_folder(place, options.index_path));
  StoredFolder stored;
  stored.file_count = static_cast<int64_t>(look.found.size());
  if (look.is_as_indexed() && !options.before.empty() && look.index.tree == options.before[0]) {
    for (const FoundFile& file : look.found) {
      stored.size_bytes += static_cast<int64_t>(file.stamp.size_bytes);
    }
    stored.tree = look.index.tree;
    return stored;
  }
  MILLGATE_ASSIGN(Known known, read_known(objects, options.before));
  Storing storing(objects, look, known);
  MILLGATE_TRY(storing.read(place.path, options.progress));
  MILLGATE_ASSIGN(const Tree tree,
                  write_tree(objects, storing.entries(), known.newest ? &*known.newest : nullptr));
  compare(known.entries, look, [&](const TreeEntry* old, const FoundFile* now, bool same) {
    stored.added += old == nullptr ? 1 : 0;
    stored.removed += now == nullptr ? 1 : 0;
    stored.modified += old != nullptr && now != nullptr && !same ? 1 : 0;
  });
  stored.tree = tree.id;
  stored.changed = !known.newest || known.newest->logical_hash != tree.logical_hash;
  // The same files are the same tree, wherever their bytes lie.
  if (!stored.changed) stored.tree = known.newest->id;
  stored.size_bytes = tree.size_bytes;
  stored.read_bytes = storing.read_bytes();
  stored.new_bytes = storing.new_bytes();
  remember_folder(options.index_path, look, stored.tree);
  return stored;
}

Result<FolderChanges> compare_folder(const ObjectStore& objects, const FolderPlace& place,
                                     const std::string& index_path, const std::optional<Id>& tree) {
  MILLGATE_ASSIGN(FolderLook look, look_at_folder(place, index_path));
  FolderChanges changes;
  changes.file_count = static_cast<int64_t>(look.found.size());
  if (tree && look.is_as_indexed() && look.index.tree == *tree) return changes;
  const std::vector<const FoundFile*> unread = look.unread();
  MILLGATE_TRY(learn_contents(place, unread, look));
  std::vector<TreeEntry> entries;
  if (tree) {
    MILLGATE_ASSIGN(const Tree root, read_tree(objects, *tree));
    MILLGATE_ASSIGN(entries, read_entries(objects, root));
  }
  compare(entries, look, [&](const TreeEntry* old, const FoundFile* now, bool same) {
    if (old == nullptr) {
      changes.added.push_back(now->path);
    } else if (now == nullptr) {
      changes.removed.push_back(old->path);
    } else if (!same) {
      changes.modified.push_back(now->path);
    }
  });
  if (!unread.empty() || look.index.tree != tree) {
    remember_folder(index_path, look, changes.any() ? std::nullopt : tree);
  }
  return changes;
}

}  // namespace millgate
