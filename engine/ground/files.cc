#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "ground/durable_file.h"
#include "ground/file_store.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

Result<std::string> read_descriptor(int descriptor, const std::string& path) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) return system_failure("read", path, errno);
  if (S_ISDIR(info.st_mode)) return not_found("cannot read `" + path + "`: it is a folder");
  // The size is a guess: a pipe has none, and a growing file passes it. One byte more sees
  // the end of the file without a second buffer.
  std::string bytes(static_cast<size_t>(info.st_size) + 1, '\0');
  size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t count = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("read", path, errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

/// Where a write to `path` ends: behind its symbolic links, which stay.
std::string real_target(const std::string& path) {
  std::error_code failed;
  const fs::path target = fs::canonical(path, failed);
  return failed ? path : target.string();
}

Status write_device(const std::string& path, std::string_view bytes) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("write", path, errno);
  Status status;
  while (status.ok() && !bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      status = system_failure("write", path, errno);
    }
  }
  ::close(descriptor);
  return status;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("read", path, errno);
  Result<std::string> bytes = read_descriptor(descriptor, path);
  ::close(descriptor);
  return bytes;
}

Status write_file(const std::string& path, std::string_view bytes) {
  const std::string target = real_target(path);
  struct stat info {};
  const bool there = ::stat(target.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) return system_failure("write", path, EISDIR);
  if (there && !S_ISREG(info.st_mode)) return write_device(path, bytes);  // Also /dev/stdout.
  const std::string folder = fs::path(target).parent_path().string();
  if (!folder.empty()) MILLGATE_TRY(make_folders(folder));
  const std::string temporary = unique_name(".millgate-");
  return publish_bytes({.temporary_path = folder.empty() ? temporary : folder + "/" + temporary,
                        .final_path = target,
                        .mode = there ? info.st_mode & 07777 : 0},
                       bytes);
}

std::vector<std::string> expand_glob(const std::string& pattern) {
  std::error_code unknown;
  // A file may itself be called "a[1].csv".
  if (fs::is_regular_file(pattern, unknown)) return {pattern};
  std::vector<std::string> paths;
  glob_t matches{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
    for (size_t i = 0; i < matches.gl_pathc; ++i) {
      std::string path = matches.gl_pathv[i];
      if (fs::is_regular_file(path, unknown)) paths.push_back(std::move(path));
    }
  }
  ::globfree(&matches);
  // By bytes, because glob's own order depends on the language of the user.
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace millgate
