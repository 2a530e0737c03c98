#include "data/tree/content_cuts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "ground/id.h"
#include "ground/random.h"

namespace millgate {
namespace {

std::string random_bytes(size_t size_bytes, uint64_t seed) {
  Random random(seed);
  std::string bytes(size_bytes, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  return bytes;
}

std::vector<std::string_view> all_chunks(std::string_view rest) {
  std::vector<std::string_view> chunks;
  while (!rest.empty()) {
    chunks.push_back(rest.substr(0, first_chunk_bytes(rest)));
    rest.remove_prefix(chunks.back().size());
  }
  return chunks;
}

/// The definition of docs/formats/tree.md without a rolling sum: at each place the weighted sum of
/// the last 64 gear numbers since the smallest chunk.
size_t slow_first_chunk(std::string_view bytes) {
  for (size_t at = kChunkBytesMin; at < std::min(bytes.size(), kChunkBytesMax); ++at) {
    uint64_t hash = 0;
    for (size_t back = 0; back < 64 && at - back >= kChunkBytesMin; ++back) {
      hash += gear_numbers()[static_cast<uint8_t>(bytes[at - back])] << back;
    }
    const int zero_bits = at < kChunkBytesAverage ? 20 : 16;
    if (hash >> (64 - zero_bits) == 0) return at + 1;
  }
  return std::min(bytes.size(), kChunkBytesMax);
}

TEST(ContentCuts, GearNumbersAreTheHashesOfTheirBytes) {
  // python3 -c "import hashlib
  // for b in (0, 65, 255): print(hashlib.sha256(bytes([b])).hexdigest()[:16])"
  EXPECT_EQ(gear_numbers()[0], 0x6e340b9cffb37a98U);
  EXPECT_EQ(gear_numbers()[65], 0x559aead08264d579U);
  EXPECT_EQ(gear_numbers()[255], 0xa8100ae6aa1940d0U);
}

TEST(ContentCuts, AgreesWithTheSlowDefinition) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    std::string_view rest;
    const std::string bytes = random_bytes(size_t{2} << 20, seed);
    for (rest = bytes; !rest.empty();) {
      const size_t length = first_chunk_bytes(rest);
      ASSERT_EQ(length, slow_first_chunk(rest)) << "seed " << seed;
      rest.remove_prefix(length);
    }
  }
}

TEST(ContentCuts, SizesStayInBoundsAndNearTheAverage) {
  const std::string bytes = random_bytes(size_t{64} << 20, 7);
  const auto chunks = all_chunks(bytes);
  for (size_t i = 0; i + 1 < chunks.size(); ++i) {
    ASSERT_GT(chunks[i].size(), kChunkBytesMin);
    ASSERT_LE(chunks[i].size(), kChunkBytesMax);
  }
  const double average = static_cast<double>(bytes.size()) / static_cast<double>(chunks.size());
  EXPECT_GT(average, 200e3);
  EXPECT_LT(average, 400e3);
  // Bytes that never vary find no cut.
  EXPECT_EQ(first_chunk_bytes(std::string(3 * kChunkBytesMax, 'a')), kChunkBytesMax);
  EXPECT_EQ(first_chunk_bytes(""), 0U);
  EXPECT_EQ(first_chunk_bytes("short"), 5U);
}

TEST(ContentCuts, AnInsertChangesOnlyTheChunksAroundIt) {
  const std::string before = random_bytes(size_t{32} << 20, 11);
  std::string after = before;
  after.insert(size_t{15} << 20, random_bytes(size_t{1} << 20, 12));
  std::set<Id> known;
  for (const auto chunk : all_chunks(before)) known.insert(hash_of(chunk));
  size_t new_bytes = 0;
  for (const auto chunk : all_chunks(after)) {
    if (!known.contains(hash_of(chunk))) new_bytes += chunk.size();
  }
  EXPECT_GE(new_bytes, size_t{1} << 20);
  EXPECT_LT(new_bytes, size_t{3} << 20);
}

}  // namespace
}  // namespace millgate
