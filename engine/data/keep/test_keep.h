/// For tests of this room: bytes that do not compress, a remote that fails on the way.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "data/keep/remote.h"
#include "ground/file_store.h"
#include "ground/random.h"

namespace millgate {

[[nodiscard]] inline std::string random_bytes(uint64_t seed, size_t count) {
  Random random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

/// The remote in `files` that does `steps` writes and removals, and none after these.
[[nodiscard]] inline Remote broken_off_after(int steps, std::shared_ptr<FileStore> files) {
  const auto left = std::make_shared<std::atomic<int>>(steps);
  return Remote(make_faulty_file_store(
      std::move(files), [left](std::string_view operation, const std::string&) -> Status {
        if (operation == "read" || (*left)-- > 0) return {};
        return outside_failure("the disk is gone");
      }));
}

}  // namespace millgate
