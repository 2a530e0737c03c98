/// A hash of texts that never changes, and the words of a text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millgate {

/// MurmurHash3_x86_32 with seed 0, read as a signed number (Austin Appleby, public domain): the
/// hash of scikit-learn's FeatureHasher and HashingVectorizer.
[[nodiscard]] int32_t text_hash(std::string_view text);

/// The bucket of `text`, 0 to count - 1: |hash| modulo count, as scikit-learn. `count` is above 0.
[[nodiscard]] int64_t hash_bucket(std::string_view text, int64_t count);

/// Calls `put` for every word: two or more letters, digits and `_` in a row, in small letters.
/// Bytes beyond ASCII count as letters.
template <typename Put>
void each_word(std::string_view lower_case, Put put) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
  };
  size_t at = 0;
  while (at < lower_case.size()) {
    if (!is_word(lower_case[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    size_t code_points = 0;
    for (; at < lower_case.size() && is_word(lower_case[at]); ++at) {
      code_points += (lower_case[at] & 0xC0) != 0x80 ? 1 : 0;
    }
    if (code_points > 1) put(lower_case.substr(begin, at - begin));
  }
}

}  // namespace millgate
