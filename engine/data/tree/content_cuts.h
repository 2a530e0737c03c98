/// Where a long file is cut into chunks: at places that its bytes choose, so that an insert moves
/// the cuts with the bytes and leaves all other chunks as they were.
///
/// FastCDC (Xia et al., USENIX ATC 2016): a gear hash, the smallest chunk skipped, and two masks
/// around the average (normalized chunking, level 2). Format: docs/formats/tree.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millgate {

inline constexpr size_t kChunkBytesMin = size_t{64} << 10;
inline constexpr size_t kChunkBytesAverage = size_t{256} << 10;
inline constexpr size_t kChunkBytesMax = size_t{1} << 20;

/// The 256 random numbers of the gear hash: for byte b, the first eight bytes (big end first) of
/// the SHA-256 of the single byte b.
[[nodiscard]] const std::array<uint64_t, 256>& gear_numbers();

/// Length of the first chunk of `bytes`, which begin where a chunk begins. All of them when no cut
/// is found: then more bytes may give a longer chunk, unless there are kChunkBytesMax already.
[[nodiscard]] size_t first_chunk_bytes(std::string_view bytes);

}  // namespace millgate
