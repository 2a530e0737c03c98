#include "data/tree/folder_look.h"

#include <algorithm>

#include "data/tree/file_batch.h"

namespace millgate {

std::vector<const FoundFile*> FolderLook::unread() const {
  std::vector<const FoundFile*> files;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!contents[i]) files.push_back(&found[i]);
  }
  return files;
}

bool FolderLook::is_as_indexed() const {
  return index.tree != Id{} && index.files.size() == found.size() &&
         std::all_of(contents.begin(), contents.end(),
                     [](const std::optional<Id>& content) { return content.has_value(); });
}

Result<FolderLook> look_at_folder(const FolderPlace& place, const std::string& index_path) {
  FolderLook look;
  MILLGATE_ASSIGN(look.found, scan_folder(place));
  if (!index_path.empty()) look.index = read_folder_index(index_path);
  look.contents.resize(look.found.size());
  auto known = look.index.files.begin();
  for (size_t i = 0; i < look.found.size(); ++i) {
    const FoundFile& file = look.found[i];
    while (known != look.index.files.end() && known->file.path < file.path) ++known;
    if (known == look.index.files.end()) break;
    if (known->file.path == file.path && known->file.kind == file.kind &&
        known->file.stamp == file.stamp) {
      look.contents[i] = known->content;
    }
  }
  return look;
}

Status learn_contents(const FolderPlace& place, const std::vector<const FoundFile*>& files,
                      FolderLook& look) {
  size_t taken = 0;
  return read_files(
      place.path, files, [](const ReadChunk&) { return Status(); },
      [&](const ReadFile& read) -> Status {
        const size_t number = look.number_of(files[taken++]);
        look.found[number].kind = read.file.kind;
        look.found[number].stamp = read.file.stamp;
        look.contents[number] = read.content;
        return {};
      });
}

void remember_folder(const std::string& index_path, const FolderLook& look,
                     std::optional<Id> tree) {
  if (index_path.empty()) return;
  FolderIndex index;
  bool complete = true;
  for (size_t i = 0; i < look.found.size(); ++i) {
    if (look.contents[i] && !is_fresh(look.found[i].stamp)) {
      index.files.push_back({.file = look.found[i], .content = *look.contents[i]});
    } else {
      complete = false;
    }
  }
  // Of a tree of which some file is not remembered, that file could vanish unseen.
  if (complete && tree) index.tree = *tree;
  (void)write_folder_index(index_path, index);
}

}  // namespace millgate
