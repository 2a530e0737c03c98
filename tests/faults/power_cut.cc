// Ends a program at its n-th step on the disk, for tests/faults/power_cut.py, which loads this with
// LD_PRELOAD. A step is a write, a sync, a change of length, or a name made, moved or removed in
// MILLGATE_CUT_FOLDER; the program ends (SIGKILL) in the place of step MILLGATE_CUT_AT. What is
// left then depends on MILLGATE_CUT_MODE:
//   torn    all steps before; if step n is a write, also the first half of its bytes
//   power   only what was synced: bytes by a sync of the file, names by a sync of their folder
//   names   all names, but of the bytes only those synced: a disk that orders as it likes
// To take steps back, each keeps what it replaced until a sync makes it last.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace {

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

ssize_t real_pwrite(int file, const void* bytes, size_t count, off_t at) {
  static auto* const call = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return call(file, bytes, count, at);
}
ssize_t real_write(int file, const void* bytes, size_t count) {
  static auto* const call = real<ssize_t(int, const void*, size_t)>("write");
  return call(file, bytes, count);
}
int real_ftruncate(int file, off_t size) {
  static auto* const call = real<int(int, off_t)>("ftruncate");
  return call(file, size);
}
int real_rename(const char* from, const char* to) {
  static auto* const call = real<int(const char*, const char*)>("rename");
  return call(from, to);
}
int real_unlink(const char* path) {
  static auto* const call = real<int(const char*)>("unlink");
  return call(path);
}
int real_open(const char* path, int flags, mode_t mode) {
  static auto* const call = real<int(const char*, int, ...)>("open");
  return call(path, flags, mode);
}

/// A name in a folder, by a descriptor of the folder: it may get another name itself.
struct Name {
  int folder = -1;
  ino_t folder_inode = 0;
  std::string text = {};
};

/// One step that no sync has made last, and how to take it back.
struct Step {
  enum class Kind { bytes, made, made_folder, moved, removed } kind;
  int file = -1;    ///< Bytes: an own descriptor of the file. Else: what had the name.
  ino_t inode = 0;  ///< Bytes: of the file.
  off_t size = 0;   ///< Bytes: length before.
  off_t at = 0;     ///< Bytes: where `before` was.
  std::string before = {};
  Name name = {};  ///< That was made or removed, or moved to.
  Name from = {};  ///< Moved: the name before.
};

std::mutex mutex;
std::vector<Step> steps;
long step_count = 0;

const std::string& folder() {
  static const std::string value = [] {
    const char* given = std::getenv("MILLGATE_CUT_FOLDER");
    return std::string(given == nullptr ? "" : given);
  }();
  return value;
}

bool is_mode(const char* mode) {
  const char* given = std::getenv("MILLGATE_CUT_MODE");
  return given != nullptr && std::strcmp(given, mode) == 0;
}

bool is_inside(const std::string& path) {
  return !folder().empty() && path.compare(0, folder().size(), folder()) == 0;
}

std::string path_of(int file) {
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = ::readlink(link, path, sizeof path);
  return size < 0 ? "" : std::string(path, static_cast<size_t>(size));
}

/// The path without links and dots; its last name need not be there.
std::string absolute(const char* path) {
  const std::string text = path;
  const size_t slash = text.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : text.substr(0, slash + 1);
  char real_folder[PATH_MAX];
  if (::realpath(folder.c_str(), real_folder) == nullptr) return text;
  return std::string(real_folder) + "/" + text.substr(slash + 1);
}

Name name_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  Name name;
  name.folder = real_open(path.substr(0, slash).c_str(), O_PATH | O_CLOEXEC, 0);
  struct stat info {};
  if (name.folder >= 0) ::fstat(name.folder, &info);
  name.folder_inode = info.st_ino;
  name.text = path.substr(slash + 1);
  return name;
}

/// A descriptor of the same file with its own rights.
int open_again(int file, int flags) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  return real_open(link, flags | O_CLOEXEC, 0);
}

/// Gives the name to the bytes of the file that was there.
void bring_back(int file, const Name& name) {
  ::unlinkat(name.folder, name.text.c_str(), 0);
  const int copy =
      ::openat(name.folder, name.text.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  char block[1 << 16];
  off_t at = 0;
  for (ssize_t count = 0; (count = ::pread(file, block, sizeof block, at)) > 0; at += count) {
    if (real_pwrite(copy, block, static_cast<size_t>(count), at) != count) std::abort();
  }
  ::close(copy);
}

void take_back(const Step& step) {
  const Name& name = step.name;
  switch (step.kind) {
    case Step::Kind::bytes:
      if (real_ftruncate(step.file, step.size) != 0) std::abort();
      if (!step.before.empty() &&
          real_pwrite(step.file, step.before.data(), step.before.size(), step.at) < 0) {
        std::abort();
      }
      return;
    case Step::Kind::made:
      ::unlinkat(name.folder, name.text.c_str(), 0);
      return;
    case Step::Kind::made_folder:
      ::unlinkat(name.folder, name.text.c_str(), AT_REMOVEDIR);
      return;
    case Step::Kind::moved:
      if (::renameat(name.folder, name.text.c_str(), step.from.folder, step.from.text.c_str())) {
        std::abort();
      }
      if (step.file >= 0) bring_back(step.file, name);
      return;
    case Step::Kind::removed:
      bring_back(step.file, name);
      return;
  }
}

[[noreturn]] void cut() {
  const bool only_bytes = is_mode("names");
  if (!is_mode("torn")) {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      if (!only_bytes || step->kind == Step::Kind::bytes) take_back(*step);
    }
  }
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

/// Counts a step; true when the program ends here.
bool is_last() {
  static const long at = [] {
    const char* given = std::getenv("MILLGATE_CUT_AT");
    return given == nullptr ? 0 : std::atol(given);
  }();
  return ++step_count == at;
}

void forget(const Step& step) {
  for (const int file : {step.file, step.name.folder, step.from.folder}) {
    if (file >= 0) ::close(file);
  }
}

void synced(int file) {
  struct stat info {};
  ::fstat(file, &info);
  std::vector<Step> left;
  for (Step& step : steps) {
    const bool bytes = step.kind == Step::Kind::bytes;
    if ((bytes ? step.inode : step.name.folder_inode) == info.st_ino) {
      forget(step);
    } else {
      left.push_back(std::move(step));
    }
  }
  steps = std::move(left);
}

/// Keeps what a change of `count` bytes at `at` replaces.
void keep_bytes(int file, off_t at, size_t count) {
  struct stat info {};
  ::fstat(file, &info);
  Step step{.kind = Step::Kind::bytes};
  step.file = open_again(file, O_RDWR);
  step.inode = info.st_ino;
  step.size = info.st_size;
  step.at = at;
  if (at < info.st_size) {
    step.before.resize(std::min(count, static_cast<size_t>(info.st_size - at)));
    if (::pread(step.file, step.before.data(), step.before.size(), at) < 0) std::abort();
  }
  steps.push_back(std::move(step));
}

ssize_t do_write(int file, const void* bytes, size_t count, off_t at, bool moves) {
  const auto write_some = [&](size_t size) {
    return moves ? real_write(file, bytes, size) : real_pwrite(file, bytes, size, at);
  };
  if (!is_inside(path_of(file))) return write_some(count);
  const std::lock_guard<std::mutex> lock(mutex);
  const bool last = is_last();
  if (moves) {
    const bool appends = (::fcntl(file, F_GETFL) & O_APPEND) != 0;
    at = ::lseek(file, 0, appends ? SEEK_END : SEEK_CUR);
  }
  if (last) {
    if (is_mode("torn") && write_some(count / 2) < 0) std::abort();
    cut();
  }
  keep_bytes(file, at, count);
  return write_some(count);
}

int do_open(const char* path, int flags, mode_t mode) {
  const std::string full = absolute(path);
  struct stat info {};
  if (!is_inside(full) || (flags & (O_CREAT | O_TRUNC)) == 0) return real_open(path, flags, mode);
  const std::lock_guard<std::mutex> lock(mutex);
  const bool is_there = ::stat(path, &info) == 0;
  if (!is_there) {
    if ((flags & O_CREAT) == 0) return real_open(path, flags, mode);
    if (is_last()) cut();
    const int file = real_open(path, flags, mode);
    if (file >= 0) steps.push_back({.kind = Step::Kind::made, .name = name_of(full)});
    return file;
  }
  if ((flags & O_TRUNC) != 0) {
    if (is_last()) cut();
    const int file = real_open(path, O_RDWR | O_CLOEXEC, 0);
    if (file >= 0) {
      keep_bytes(file, 0, static_cast<size_t>(info.st_size));
      ::close(file);
    }
  }
  return real_open(path, flags, mode);
}

int do_rename(const char* from, const char* to) {
  const std::string full = absolute(to);
  if (!is_inside(full) && !is_inside(absolute(from))) return real_rename(from, to);
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_last()) cut();
  Step step{.kind = Step::Kind::moved};
  step.name = name_of(full);
  step.from = name_of(absolute(from));
  step.file = real_open(to, O_RDONLY | O_CLOEXEC, 0);
  const int done = real_rename(from, to);
  if (done == 0) {
    steps.push_back(std::move(step));
  } else {
    forget(step);
  }
  return done;
}

int do_unlink(const char* path) {
  const std::string full = absolute(path);
  if (!is_inside(full) || ::access(path, F_OK) != 0) return real_unlink(path);
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_last()) cut();
  Step step{.kind = Step::Kind::removed};
  step.name = name_of(full);
  step.file = real_open(path, O_RDONLY | O_CLOEXEC, 0);
  const int done = real_unlink(path);
  if (done == 0 && step.file >= 0) {
    steps.push_back(std::move(step));
  } else {
    forget(step);
  }
  return done;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t count) {
  return do_write(file, bytes, count, 0, true);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  return do_write(file, bytes, count, at, false);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off_t at) {
  return do_write(file, bytes, count, at, false);
}
int fsync(int file) {
  if (!is_inside(path_of(file))) {
    static auto* const call = real<int(int)>("fsync");
    return call(file);
  }
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_last()) cut();
  synced(file);
  return 0;  // The disk itself is not what is tested.
}
int fdatasync(int file) { return fsync(file); }
int ftruncate(int file, off_t size) {
  if (!is_inside(path_of(file))) return real_ftruncate(file, size);
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_last()) cut();
  keep_bytes(file, size, SSIZE_MAX);
  return real_ftruncate(file, size);
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }
int rename(const char* from, const char* to) noexcept { return do_rename(from, to); }
int unlink(const char* path) noexcept { return do_unlink(path); }
int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const call = real<int(const char*, mode_t)>("mkdir");
  const std::string full = absolute(path);
  if (!is_inside(full) || ::access(path, F_OK) == 0) return call(path, mode);
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_last()) cut();
  const int done = call(path, mode);
  if (done == 0) steps.push_back({.kind = Step::Kind::made_folder, .name = name_of(full)});
  return done;
}
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return do_open(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return do_open(path, flags, mode);
}

}  // extern "C"
