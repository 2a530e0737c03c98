#include "ground/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <utility>

#include "ground/durable_file.h"

namespace millgate {

namespace {

Result<Descriptor> open_lock(const std::string& path) {
  constexpr int kMode = 0666;
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
  if (!lock.is_open()) return system_failure("open", path, errno);
  return lock;
}

}  // namespace

Result<Descriptor> lock_file(const std::string& path) {
  MILLGATE_ASSIGN(Descriptor lock, open_lock(path));
  while (::flock(lock.number(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_failure("lock", path, errno);
  }
  return lock;
}

Result<std::optional<Descriptor>> try_lock_file(const std::string& path) {
  MILLGATE_ASSIGN(Descriptor lock, open_lock(path));
  while (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<Descriptor>();
    if (errno != EINTR) return system_failure("lock", path, errno);
  }
  return std::optional<Descriptor>(std::move(lock));
}

}  // namespace millgate
