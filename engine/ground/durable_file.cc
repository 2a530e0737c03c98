#include "ground/durable_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <system_error>

#include "ground/descriptor.h"

namespace millgate {

namespace {

constexpr size_t kCopyBytes = 1 << 20;

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string hint_for(int error_number, const std::string& path) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free some space on that disk and try again; nothing was changed";
    case EACCES:
    case EPERM:
      return "check who may write there: ls -ld " + path;
    case EROFS:
      return "the file system is mounted read-only; use another folder";
    case EFBIG:
      return "a limit on the size of files is set (ulimit -f); nothing was changed";
    default:
      return {};
  }
}

Status copy_contents(int source, int target, const Publication& publication,
                     const std::string& source_path) {
  std::string buffer(kCopyBytes, '\0');
  while (true) {
    const ssize_t count = ::read(source, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("read", source_path, errno);
    if (count == 0) return {};
    MILLGATE_TRY(
        write_all(target, {buffer.data(), static_cast<size_t>(count)}, publication.final_path));
  }
}

/// Fills the temporary file by `fill` and publishes it. Messages name the final path: the
/// temporary one means nothing to a reader.
Status publish(const Publication& publication, const std::function<Status(int)>& fill) {
  const std::string& temporary = publication.temporary_path;
  const auto write_temporary = [&]() -> Status {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.is_open()) return system_failure("write", publication.final_path, errno);
    if (publication.mode != 0 && ::fchmod(file.number(), publication.mode) != 0) {
      return system_failure("set the mode of", publication.final_path, errno);
    }
    MILLGATE_TRY(fill(file.number()));
    if (::fsync(file.number()) != 0) {
      return system_failure("write", publication.final_path, errno);
    }
    return {};
  };
  Status status = write_temporary();
  if (status.ok() && ::rename(temporary.c_str(), publication.final_path.c_str()) != 0) {
    status = system_failure("write", publication.final_path, errno);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return sync_path(folder_of(publication.final_path));
}

Status publish_copy(const std::string& source_path, const Publication& publication) {
  const Descriptor source(::open(source_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.is_open()) return system_failure("read", source_path, errno);
  MILLGATE_TRY(publish(publication, [&](int target) {
    return copy_contents(source.number(), target, publication, source_path);
  }));
  if (::unlink(source_path.c_str()) != 0) return system_failure("remove", source_path, errno);
  return {};
}

}  // namespace

Error system_failure(std::string_view action, const std::string& path, int error_number) {
  Error error = outside_failure("cannot " + std::string(action) + " `" + path +
                                    "`: " + std::generic_category().message(error_number),
                                hint_for(error_number, path));
  if (error_number == ENOENT || error_number == ENOTDIR) error.code = ErrorCode::not_found;
  return error;
}

Status make_folders(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return outside_failure("cannot make the folder `" + path + "`: a file has that name");
  }
  const std::string parent = folder_of(path);
  if (parent != path) MILLGATE_TRY(make_folders(parent));
  // Another process may make it first, which is as good.
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return system_failure("make the folder", path, errno);
  }
  return sync_path(parent);
}

Status sync_path(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return system_failure("open", path, errno);
  // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do then.
  if (::fsync(file.number()) != 0 && errno != EINVAL) return system_failure("sync", path, errno);
  return {};
}

namespace {

std::string host_name() {
  std::array<char, 64> host{};
  ::gethostname(host.data(), host.size() - 1);
  return host.data();
}

}  // namespace

std::string unique_name(std::string_view prefix) {
  static std::atomic<uint64_t> next{0};
  // A number of this process alone would repeat after a restart with the same process id,
  // as is usual in containers, while a file left by a crash still has that name.
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const int64_t nanos = int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  return std::string(prefix) + host_name() + "-" + std::to_string(::getpid()) + "-" +
         std::to_string(nanos) + "-" + std::to_string(next.fetch_add(1));
}

std::optional<bool> is_of_running_process(std::string_view unique_name) {
  const std::string host = host_name() + "-";
  const size_t found = unique_name.find(host);
  if (found == std::string_view::npos || (found > 0 && unique_name[found - 1] != '-')) {
    return std::nullopt;
  }
  const std::string_view digits = unique_name.substr(found + host.size());
  int process = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), process);
  if (process <= 0) return std::nullopt;
  return ::kill(process, 0) == 0 || errno == EPERM;
}

Status publish_bytes(const Publication& publication, std::string_view bytes) {
  return publish(publication, [&](int descriptor) {
    return write_all(descriptor, bytes, publication.final_path);
  });
}

Status publish_file(const std::string& source, const Publication& publication) {
  MILLGATE_TRY(sync_path(source));
  if (::rename(source.c_str(), publication.final_path.c_str()) != 0) {
    if (errno == EXDEV) return publish_copy(source, publication);
    return system_failure("rename to", publication.final_path, errno);
  }
  MILLGATE_TRY(sync_path(folder_of(publication.final_path)));
  return {};
}

Status publish_new_file(const std::string& source, const std::string& final_path) {
  // A link, unlike a rename, does not take the place of what is there.
  const int failed = ::link(source.c_str(), final_path.c_str()) == 0 ? 0 : errno;
  ::unlink(source.c_str());
  if (failed == EEXIST) {
    return Error{.code = ErrorCode::conflict, .what = "`" + final_path + "` exists already"};
  }
  if (failed != 0) return system_failure("write", final_path, failed);
  return sync_path(folder_of(final_path));
}

}  // namespace millgate
