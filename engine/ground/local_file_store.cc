#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "ground/durable_file.h"
#include "ground/file_store.h"
#include "ground/local_folder.h"
#include "ground/store_name.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// A temporary file this old belongs to no running write.
constexpr std::chrono::hours kAbandonedAfter{24};

/// Names are paths below `root_`; files in the making lie in `root_/.tmp`, so that a crash
/// leaves nothing that `list` could mistake for a published file.
class LocalFileStore final : public FileStore {
 public:
  explicit LocalFileStore(std::string root) : root_(std::move(root)) {}

  Status write(const std::string& name, std::string_view bytes) override {
    MILLGATE_ASSIGN(const Publication publication, prepare(name));
    return publish_bytes(publication, bytes);
  }

  Status create(const std::string& name, std::string_view bytes) override {
    MILLGATE_ASSIGN(const Publication publication, prepare(name));
    const std::string aside = publication.temporary_path + "-create";
    MILLGATE_TRY(publish_bytes(
        {.temporary_path = publication.temporary_path, .final_path = aside, .mode = 0}, bytes));
    return publish_new_file(aside, publication.final_path);
  }

  Status adopt(const std::string& local_path, const std::string& name) override {
    MILLGATE_ASSIGN(const Publication publication, prepare(name));
    return publish_file(local_path, publication);
  }

  Result<std::string> read(const std::string& name) const override {
    MILLGATE_TRY(check_store_name(name));
    return read_file(path_of(name));
  }

  bool exists(const std::string& name) const override {
    return check_store_name(name).ok() && size_bytes(name).ok();
  }

  Result<uint64_t> size_bytes(const std::string& name) const override {
    MILLGATE_TRY(check_store_name(name));
    struct stat info {};
    if (::stat(path_of(name).c_str(), &info) != 0) {
      return system_failure("read", path_of(name), errno);
    }
    if (!S_ISREG(info.st_mode)) return system_failure("read", path_of(name), ENOENT);
    return static_cast<uint64_t>(info.st_size);
  }

  Result<std::vector<std::string>> list(const std::string& prefix) const override {
    // Only the folder that the prefix names is walked.
    const size_t slash = prefix.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash);
    if (!folder.empty()) MILLGATE_TRY(check_store_name(folder));
    std::vector<std::string> names;
    MILLGATE_TRY(walk(folder, prefix, names));
    std::sort(names.begin(), names.end());
    return names;
  }

  Status remove(const std::string& name) override {
    MILLGATE_TRY(check_store_name(name));
    if (::unlink(path_of(name).c_str()) == 0) return {};
    // Unlinking a folder says EISDIR here; but no file has that name.
    return system_failure("remove", path_of(name), errno == EISDIR ? ENOENT : errno);
  }

  Status mark_fresh(const std::string& name) override {
    MILLGATE_TRY(check_store_name(name));
    if (::utimensat(AT_FDCWD, path_of(name).c_str(), nullptr, 0) == 0) return {};
    return system_failure("mark", path_of(name), errno);
  }

  std::string local_path(const std::string& name) const override {
    return check_store_name(name).ok() ? path_of(name) : std::string();
  }

  /// Makes the folders and removes what crashed writers left behind.
  Status prepare_root() const {
    MILLGATE_TRY(make_folders(temporary_folder()));
    if (::access(root_.c_str(), W_OK) != 0 || ::access(temporary_folder().c_str(), W_OK) != 0) {
      return system_failure("write to the folder", root_, errno);
    }
    std::error_code ignored;  // Tidying up may fail without harm.
    const auto now = fs::file_time_type::clock::now();
    fs::directory_iterator entries(temporary_folder(), ignored);
    for (; entries != fs::directory_iterator(); entries.increment(ignored)) {
      std::error_code failed;
      const auto written = entries->last_write_time(failed);
      if (!failed && now - written > kAbandonedAfter) fs::remove(entries->path(), failed);
    }
    return {};
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] std::string temporary_folder() const {
    return root_ + "/" + std::string(kTemporaryFolder);
  }

  Result<Publication> prepare(const std::string& name) const {
    MILLGATE_TRY(check_store_name(name));
    Publication publication{.temporary_path = temporary_folder() + "/" + unique_name("write-"),
                            .final_path = path_of(name)};
    MILLGATE_TRY(make_folders(temporary_folder()));
    MILLGATE_TRY(make_folders(fs::path(publication.final_path).parent_path().string()));
    return publication;
  }

  /// Adds the files below `folder` whose names start with `prefix`. What another process
  /// removes meanwhile is left out.
  Status walk(const std::string& folder, const std::string& prefix,
              std::vector<std::string>& names) const {
    std::error_code failed;
    fs::directory_iterator entries(folder.empty() ? root_ : path_of(folder), failed);
    if (failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory) {
      return {};
    }
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
      const std::string part = entries->path().filename().string();
      if (folder.empty() && part == kTemporaryFolder) continue;
      const std::string name = folder.empty() ? part : folder + "/" + part;
      std::error_code unknown;
      if (entries->is_directory(unknown)) {
        const bool may_match = name.starts_with(prefix) || prefix.starts_with(name + "/");
        if (may_match) MILLGATE_TRY(walk(name, prefix, names));
      } else if (name.starts_with(prefix) && entries->is_regular_file(unknown)) {
        names.push_back(name);
      }
    }
    if (failed) return system_failure("list", path_of(folder), failed.value());
    return {};
  }

  const std::string root_;
};

}  // namespace

Result<std::shared_ptr<FileStore>> open_local_file_store(const std::string& root) {
  auto store = std::make_shared<LocalFileStore>(root);
  MILLGATE_TRY(store->prepare_root());
  return std::shared_ptr<FileStore>(std::move(store));
}

std::shared_ptr<const FileStore> read_local_folder(const std::string& root) {
  return std::make_shared<const LocalFileStore>(root);
}

}  // namespace millgate
