#include "data/tree/checkout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/tree/file_maker.h"
#include "data/tree/folder_look.h"
#include "ground/durable_file.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

bool lies_in(std::string_view path, std::string_view part) {
  return part.empty() || path == part ||
         (path.starts_with(part) && path.size() > part.size() && path[part.size()] == '/');
}

/// What must be done.
struct Work {
  std::vector<const TreeEntry*> make;
  std::vector<const FoundFile*> replace;  ///< Files that stand where other content must be.
  std::vector<const FoundFile*> remove;
  int64_t unchanged = 0;
};

Result<FolderLook> look_at(const FolderPlace& place, const std::string& index_path,
                           std::string_view part) {
  std::error_code unknown;
  if (!fs::exists(place.path, unknown)) return FolderLook{};
  MILLGATE_ASSIGN(FolderLook look, look_at_folder(place, index_path));
  std::vector<const FoundFile*> unread = look.unread();
  std::erase_if(unread, [&](const FoundFile* file) { return !lies_in(file->path, part); });
  MILLGATE_TRY(learn_contents(place, unread, look));
  return look;
}

Work plan(const std::vector<TreeEntry>& entries, const FolderLook& look, std::string_view part) {
  Work work;
  auto file = look.found.begin();
  const auto leave = [&](const FoundFile& one) {
    if (lies_in(one.path, part)) work.remove.push_back(&one);
  };
  for (const TreeEntry& entry : entries) {
    for (; file != look.found.end() && file->path < entry.path; ++file) leave(*file);
    if (file == look.found.end() || file->path != entry.path) {
      work.make.push_back(&entry);
      continue;
    }
    if (look.contents[look.number_of(&*file)] == entry.content && file->kind == entry.kind) {
      ++work.unchanged;
    } else {
      work.make.push_back(&entry);
      work.replace.push_back(&*file);
    }
    ++file;
  }
  for (; file != look.found.end(); ++file) leave(*file);
  return work;
}

/// The files of `work` whose content is in none of the trees.
Result<std::vector<std::string>> find_losses(const ObjectStore& objects, const FolderLook& look,
                                             const Work& work, const std::vector<Id>& trees) {
  std::vector<const FoundFile*> at_risk = work.replace;
  at_risk.insert(at_risk.end(), work.remove.begin(), work.remove.end());
  std::unordered_set<Id> leaves;
  std::unordered_set<Id> safe;
  for (size_t i = 0; i < trees.size() && !at_risk.empty(); ++i) {
    MILLGATE_ASSIGN(const Tree tree, read_tree(objects, trees[i]));
    for (const TreeLeaf& leaf : tree.leaves) {
      if (!leaves.insert(leaf.object).second) continue;
      MILLGATE_ASSIGN(const std::vector<TreeEntry> entries, read_leaf(objects, leaf));
      for (const TreeEntry& entry : entries) safe.insert(entry.content);
    }
    std::erase_if(at_risk, [&](const FoundFile* file) {
      return safe.contains(*look.contents[look.number_of(file)]);
    });
  }
  std::vector<std::string> paths;
  paths.reserve(at_risk.size());
  for (const FoundFile* file : at_risk) paths.push_back(file->path);
  return paths;
}

Error would_lose(const std::vector<std::string>& paths, const FolderPlace& place) {
  constexpr size_t kShown = 5;
  Error error{.code = ErrorCode::conflict,
              .what = std::to_string(paths.size()) + (paths.size() == 1 ? " file" : " files") +
                      " of `" + place.path + "` would be lost: in no version is their content",
              .hint = "commit them, move them away, or overwrite them with --force"};
  for (size_t i = 0; i < std::min(kShown, paths.size()); ++i) {
    error.because.push_back("`" + paths[i] + "`");
  }
  if (paths.size() > kShown) {
    error.because.push_back("and " + std::to_string(paths.size() - kShown) + " more");
  }
  return error;
}

Result<std::vector<TreeEntry>> entries_of(const ObjectStore& objects, const Tree& tree,
                                          const std::string& part) {
  MILLGATE_ASSIGN(std::vector<TreeEntry> entries, read_entries(objects, tree, part));
  if (!entries.empty() || part.empty()) return entries;
  // What stands beside it is the nearest that there can be.
  const size_t slash = part.rfind('/');
  const std::string above = slash == std::string::npos ? "" : part.substr(0, slash);
  MILLGATE_ASSIGN(const std::vector<TreeEntry> beside, read_entries(objects, tree, above));
  std::set<std::string> names;
  for (const TreeEntry& entry : beside) {
    const size_t from = above.empty() ? 0 : above.size() + 1;
    names.insert(entry.path.substr(0, entry.path.find('/', from)));
  }
  const std::vector<std::string> valid(names.begin(), names.end());
  return not_found("there is no `" + part + "` in the folder", name_hint(part, valid));
}

void add_donors(FileMaker& maker, const std::vector<DonorFolder>& donors) {
  for (const DonorFolder& donor : donors) {
    const FolderIndex index = read_folder_index(donor.index_path);
    for (const KnownFile& known : index.files) {
      if (known.file.kind == FileKind::link) continue;
      const std::string path = donor.path + "/" + known.file.path;
      const auto stamp = stamp_of(path);
      if (stamp.ok() && *stamp == known.file.stamp) {
        maker.add_donor(known.content, known.file.kind, path);
      }
    }
  }
}

/// Makes the folders above `path`. A file that stands where a folder must be was removed before.
Status make_folders_above(const std::string& root, std::string_view path,
                          std::set<std::string>& made) {
  for (size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    std::string folder = root + "/" + std::string(path.substr(0, slash));
    if (!made.insert(folder).second) continue;
    if (::mkdir(folder.c_str(), 0777) == 0) continue;
    const int failed = errno;
    struct stat status {};
    // A link to a folder elsewhere would lead the files out of the tree's folder.
    if (failed != EEXIST || ::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return system_failure("make the folder", folder, failed);
    }
  }
  return {};
}

Status remove_files(const FolderPlace& place, const std::vector<const FoundFile*>& files) {
  std::set<std::string> folders;
  for (const FoundFile* file : files) {
    const std::string path = place.path + "/" + file->path;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return system_failure("remove", path, errno);
    }
    for (size_t slash = file->path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = file->path.rfind('/', slash - 1)) {
      folders.insert(file->path.substr(0, slash));
    }
  }
  // Deepest first; one that still holds something stays.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    ::rmdir((place.path + "/" + *folder).c_str());
  }
  return {};
}

/// Empty folders are in no version: where a file must be, one gives way, with those in it.
Status make_way(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return {};
  std::vector<std::string> folders = {path};
  std::error_code failed;
  for (auto one = fs::recursive_directory_iterator(path, failed);
       !failed && one != fs::recursive_directory_iterator(); one.increment(failed)) {
    if (fs::is_directory(one->symlink_status(failed))) folders.push_back(one->path().string());
  }
  std::sort(folders.begin(), folders.end());
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    if (::rmdir(folder->c_str()) != 0) {
      Error error = system_failure("remove the folder", *folder, errno);
      error.hint = "a file must stand at `" + path + "`: move away what is in the folder";
      return error;
    }
  }
  return {};
}

/// Looks again, because what was made has new stamps; their contents are known.
void remember(const FolderPlace& place, const std::string& index_path, const FolderLook& before,
              const Work& work, std::optional<Id> tree) {
  auto now = look_at_folder(place, "");
  if (index_path.empty() || !now.ok()) return;
  std::unordered_map<std::string_view, Id> contents;
  for (const TreeEntry* entry : work.make) contents.emplace(entry->path, entry->content);
  auto old = before.found.begin();
  for (size_t i = 0; i < now->found.size(); ++i) {
    const FoundFile& file = now->found[i];
    while (old != before.found.end() && old->path < file.path) ++old;
    if (const auto made = contents.find(file.path); made != contents.end()) {
      now->contents[i] = made->second;
    } else if (old != before.found.end() && old->path == file.path && old->stamp == file.stamp) {
      now->contents[i] = before.contents[before.number_of(&*old)];
    }
  }
  remember_folder(index_path, *now, tree);
}

}  // namespace

Result<CheckoutReport> check_out(const ObjectStore& objects, const Tree& tree,
                                 const FolderPlace& place, const std::string& index_path,
                                 const CheckoutOptions& options) {
  MILLGATE_ASSIGN(const std::vector<TreeEntry> entries, entries_of(objects, tree, options.part));
  MILLGATE_ASSIGN(const FolderLook look, look_at(place, index_path, options.part));
  const Work work = plan(entries, look, options.part);
  if (!options.force) {
    MILLGATE_ASSIGN(const auto losses, find_losses(objects, look, work, options.known_trees));
    if (!losses.empty()) return would_lose(losses, place);
  }
  FileMaker maker(objects, options.hard_links);
  if (!work.make.empty()) add_donors(maker, options.donors);
  MILLGATE_TRY(make_folders(place.path));
  CheckoutReport report;
  report.file_count = static_cast<int64_t>(entries.size());
  report.unchanged = work.unchanged;
  report.removed = static_cast<int64_t>(work.remove.size());
  MILLGATE_TRY(remove_files(place, work.remove));
  std::set<std::string> folders;
  for (size_t i = 0; i < work.make.size(); ++i) {
    const TreeEntry& entry = *work.make[i];
    MILLGATE_TRY(make_folders_above(place.path, entry.path, folders));
    const std::string path = place.path + "/" + entry.path;
    MILLGATE_TRY(make_way(path));
    MILLGATE_ASSIGN(const MadeBy made_by, maker.make(entry, path));
    report.reflinked += made_by == MadeBy::reflink ? 1 : 0;
    report.hard_linked += made_by == MadeBy::hard_link ? 1 : 0;
    if (made_by == MadeBy::copy) {
      ++report.copied;
      report.copied_bytes += static_cast<int64_t>(entry.size_bytes);
    }
    if (options.progress) {
      options.progress(static_cast<double>(i + 1) / static_cast<double>(work.make.size()));
    }
  }
  const bool whole = options.part.empty();
  remember(place, index_path, look, work, whole ? std::optional<Id>(tree.id) : std::nullopt);
  return report;
}

}  // namespace millgate
