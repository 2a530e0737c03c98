#include "data/feature/text_hash.h"

#include <bit>
#include <cstdlib>
#include <cstring>

namespace millgate {

int32_t text_hash(std::string_view text) {
  constexpr uint32_t kFirst = 0xcc9e2d51;
  constexpr uint32_t kSecond = 0x1b873593;
  uint32_t hash = 0;
  size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    uint32_t block = 0;
    std::memcpy(&block, text.data() + at, 4);
    hash ^= std::rotl(block * kFirst, 15) * kSecond;
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64;
  }
  uint32_t tail = 0;
  for (size_t i = text.size(); i > at; --i) {
    tail = tail << 8 | static_cast<unsigned char>(text[i - 1]);
  }
  hash ^= std::rotl(tail * kFirst, 15) * kSecond;
  hash ^= static_cast<uint32_t>(text.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return static_cast<int32_t>(hash ^ hash >> 16);
}

int64_t hash_bucket(std::string_view text, int64_t count) {
  return std::abs(static_cast<int64_t>(text_hash(text))) % count;
}

}  // namespace millgate
