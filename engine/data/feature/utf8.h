/// Code points of UTF-8 text. Bytes that are not UTF-8 count as one code point each where they
/// begin none, so that every text can be walked.
#pragma once

#include <cstddef>
#include <string_view>

namespace millgate {

/// Where the code point after the one at `at` begins; `at` is inside `text`.
inline size_t next_code_point(std::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;
  return at;
}

/// Where the code point before `at` begins; `at` is above 0.
inline size_t previous_code_point(std::string_view text, size_t at) {
  --at;
  while (at > 0 && (text[at] & 0xC0) == 0x80) --at;
  return at;
}

inline size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (c & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace millgate
