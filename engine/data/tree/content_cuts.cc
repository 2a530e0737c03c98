#include "data/tree/content_cuts.h"

#include <algorithm>

#include "ground/id.h"

namespace millgate {

namespace {

// An average chunk of 2^18 bytes; two bits more before the average, two fewer after it. The high
// bits are judged, because they depend on the last 64 bytes, the low ones on fewer.
constexpr int kShiftBefore = 64 - 20;
constexpr int kShiftAfter = 64 - 16;

std::array<uint64_t, 256> make_gear_numbers() {
  std::array<uint64_t, 256> numbers{};
  for (size_t b = 0; b < numbers.size(); ++b) {
    const char byte = static_cast<char>(b);
    const Id id = hash_of({&byte, 1});
    for (size_t i = 0; i < 8; ++i) numbers[b] = numbers[b] << 8 | id.bytes[i];
  }
  return numbers;
}

}  // namespace

const std::array<uint64_t, 256>& gear_numbers() {
  static const std::array<uint64_t, 256> numbers = make_gear_numbers();
  return numbers;
}

size_t first_chunk_bytes(std::string_view bytes) {
  const auto& gear = gear_numbers();
  const size_t average_end = std::min(bytes.size(), kChunkBytesAverage);
  const size_t end = std::min(bytes.size(), kChunkBytesMax);
  uint64_t hash = 0;
  size_t at = kChunkBytesMin;
  for (; at < average_end; ++at) {
    hash = (hash << 1) + gear[static_cast<uint8_t>(bytes[at])];
    if (hash >> kShiftBefore == 0) return at + 1;
  }
  for (; at < end; ++at) {
    hash = (hash << 1) + gear[static_cast<uint8_t>(bytes[at])];
    if (hash >> kShiftAfter == 0) return at + 1;
  }
  return end;
}

}  // namespace millgate
