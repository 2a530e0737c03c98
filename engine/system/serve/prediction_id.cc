#include "system/serve/prediction_id.h"

#include <random>

namespace millgate {

namespace {

constexpr size_t kDigits = 32;

/// Writes the last `digits` digits of `value` at `to`, and tells where they end.
char* write_hex(char* to, uint64_t value, int digits) {
  for (int digit = digits - 1; digit >= 0; --digit) {
    *to++ = "0123456789abcdef"[value >> (4 * digit) & 15];
  }
  return to;
}

}  // namespace

PredictionIds::PredictionIds() {
  std::random_device device;
  generator_ = static_cast<uint64_t>(device()) << 32 | device();
}

std::string PredictionIds::next(Time now) {
  std::string id(kDigits, '0');
  char* to = write_hex(id.data(), static_cast<uint64_t>(now.micros), 14);
  to = write_hex(to, generator_, 10);
  write_hex(to, counter_.fetch_add(1, std::memory_order_relaxed), 8);
  return id;
}

}  // namespace millgate
