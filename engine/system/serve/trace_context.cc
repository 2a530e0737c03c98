#include "system/serve/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace millgate {

namespace {

/// Small letters only, as the standard wants them.
std::optional<unsigned> small_hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return std::nullopt;
}

/// Fills `bytes` from twice as many digits. False where one is none.
bool read_bytes(std::string_view digits, std::span<uint8_t> bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto high = small_hex_digit(digits[2 * i]);
    const auto low = small_hex_digit(digits[2 * i + 1]);
    if (!high || !low) return false;
    bytes[i] = static_cast<uint8_t>(*high * 16 + *low);
  }
  return true;
}

bool is_zero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  // Version, trace, parent and flags: 00-32 digits-16 digits-2 digits.
  constexpr size_t kSize = 55;
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  TraceContext context;
  if (!read_bytes(text, version) || !read_bytes(text.substr(3), context.trace) ||
      !read_bytes(text.substr(36), context.parent) || !read_bytes(text.substr(53), flags)) {
    return std::nullopt;
  }
  if (version[0] == 0xff || is_zero(context.trace) || is_zero(context.parent)) return std::nullopt;
  // Later versions may say more behind it.
  const bool has_more = text.size() > kSize;
  if (has_more && (version[0] == 0 || text[kSize] != '-')) return std::nullopt;
  context.is_sampled = (flags[0] & 1U) != 0;
  return context;
}

}  // namespace millgate
