#include "ground/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "ground/durable_file.h"

namespace millgate {

Result<Descriptor> lock_file(const std::string& path) {
  constexpr int kMode = 0666;
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
  if (!lock.is_open()) return system_failure("open", path, errno);
  while (::flock(lock.number(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_failure("lock", path, errno);
  }
  return lock;
}

}  // namespace millgate
