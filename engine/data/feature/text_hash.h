/// A hash of texts that never changes.
#pragma once

#include <cstdint>
#include <string_view>

namespace millgate {

/// MurmurHash3_x86_32 with seed 0, read as a signed number (Austin Appleby, public domain): the
/// hash of scikit-learn's FeatureHasher and HashingVectorizer.
[[nodiscard]] int32_t text_hash(std::string_view text);

/// The bucket of `text`, 0 to count - 1: |hash| modulo count, as scikit-learn. `count` is above 0.
[[nodiscard]] int64_t hash_bucket(std::string_view text, int64_t count);

}  // namespace millgate
