#include "data/store/file_hash.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "ground/durable_file.h"

namespace millgate {

Result<Id> hash_of_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("read", path, errno);
  struct stat about {};
  constexpr int64_t kBlockBytesMax = 1 << 18;
  if (::fstat(descriptor, &about) != 0) about.st_size = kBlockBytesMax;
  // One more than a small file has, so that the read after it finds the end.
  std::vector<char> block(static_cast<size_t>(std::min(about.st_size + 1, kBlockBytesMax)));
  Hasher hasher;
  ssize_t count = 0;
  do {
    count = ::read(descriptor, block.data(), block.size());
    if (count > 0) hasher.add({block.data(), static_cast<size_t>(count)});
  } while (count > 0 || (count < 0 && errno == EINTR));
  const int failed = count < 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0) return system_failure("read", path, failed);
  return hasher.finish();
}

}  // namespace millgate
