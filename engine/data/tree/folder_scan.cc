#include "data/tree/folder_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "ground/durable_file.h"

namespace millgate {

namespace {

FileStamp stamp_from(const struct stat& status) {
  constexpr int64_t kNanos = 1'000'000'000;
  return {.inode = status.st_ino,
          .size_bytes = static_cast<uint64_t>(status.st_size),
          .changed_nanos = status.st_ctim.tv_sec * kNanos + status.st_ctim.tv_nsec,
          .written_nanos = status.st_mtim.tv_sec * kNanos + status.st_mtim.tv_nsec};
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderHandle = std::unique_ptr<DIR, CloseFolder>;

/// Walks one folder after the other, depth first.
class Scan {
 public:
  explicit Scan(const FolderPlace& place) : place_(place) {}

  /// `descriptor` is closed at the end.
  Status walk(int descriptor, const std::string& prefix) {
    const FolderHandle folder(::fdopendir(descriptor));
    if (folder == nullptr) {
      const int failed = errno;
      ::close(descriptor);
      return system_failure("read the folder", full(prefix), failed);
    }
    MILLGATE_ASSIGN(const std::vector<Child> children, read_children(folder.get(), prefix));
    for (const Child& child : children) {
      if (child.folder) {
        MILLGATE_TRY(enter(::dirfd(folder.get()), child.name, prefix));
      } else {
        files_.push_back({.path = prefix + child.name, .kind = child.kind, .stamp = child.stamp});
      }
    }
    return {};
  }

  std::vector<FoundFile>& files() { return files_; }

 private:
  struct Child {
    std::string name;  ///< A folder's ends in "/": so sorted names give sorted paths.
    bool folder = false;
    FileKind kind = FileKind::plain;
    FileStamp stamp;
  };

  Status enter(int descriptor, const std::string& name, const std::string& prefix) {
    const int below = ::openat(descriptor, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (below < 0) return system_failure("read the folder", full(prefix + name), errno);
    return walk(below, prefix + name);
  }

  Result<std::vector<Child>> read_children(DIR* folder, const std::string& prefix) {
    std::vector<Child> children;
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string name = entry->d_name;
      if (name != "." && name != ".." && !ignored(name)) {
        MILLGATE_ASSIGN(Child child, look_at(::dirfd(folder), name, prefix));
        children.push_back(std::move(child));
      }
      errno = 0;
    }
    if (errno != 0) return system_failure("read the folder", full(prefix), errno);
    std::sort(children.begin(), children.end(),
              [](const Child& a, const Child& b) { return a.name < b.name; });
    return children;
  }

  Result<Child> look_at(int descriptor, const std::string& name, const std::string& prefix) {
    struct stat status {};
    if (::fstatat(descriptor, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_failure("read", full(prefix + name), errno);
    }
    Child child{.name = name, .stamp = stamp_from(status)};
    if (S_ISDIR(status.st_mode)) {
      child.name += '/';
      child.folder = true;
    } else if (S_ISLNK(status.st_mode)) {
      child.kind = FileKind::link;
    } else if (S_ISREG(status.st_mode)) {
      child.kind = (status.st_mode & S_IXUSR) != 0 ? FileKind::executable : FileKind::plain;
    } else {
      return invalid_input("`" + full(prefix + name) + "` is neither file, folder nor link",
                           "remove it, or leave it out: ignore = [\"" + name + "\"]");
    }
    return child;
  }

  [[nodiscard]] bool ignored(const std::string& name) const {
    return std::any_of(place_.ignore.begin(), place_.ignore.end(), [&](const std::string& one) {
      return ::fnmatch(one.c_str(), name.c_str(), 0) == 0;
    });
  }

  [[nodiscard]] std::string full(const std::string& path) const { return place_.path + "/" + path; }

  const FolderPlace& place_;
  std::vector<FoundFile> files_;
};

}  // namespace

Result<std::vector<FoundFile>> scan_folder(const FolderPlace& place) {
  const int descriptor = ::open(place.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("read the folder", place.path, errno);
  Scan scan(place);
  MILLGATE_TRY(scan.walk(descriptor, ""));
  return std::move(scan.files());
}

Result<FileStamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return system_failure("read", path, errno);
  return stamp_from(status);
}

}  // namespace millgate
