/// For tests of every room: how often they repeat what is random.
#pragma once

#include <cstdint>

namespace millgate {

/// `full`, or a third of it where the sanitizers look on: they make each round several times as
/// long, and what they look for does not need as many as an answer that is rarely wrong.
constexpr uint64_t test_rounds(uint64_t full) {
#ifdef __SANITIZE_ADDRESS__
  return (full + 2) / 3;
#else
  return full;
#endif
}

}  // namespace millgate
