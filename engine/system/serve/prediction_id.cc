#include "system/serve/prediction_id.h"

#include <random>

namespace millgate {

namespace {

void append_hex(std::string& out, uint64_t value, int digits) {
  for (int digit = digits - 1; digit >= 0; --digit) {
    out += "0123456789abcdef"[value >> (4 * digit) & 15];
  }
}

}  // namespace

PredictionIds::PredictionIds() {
  std::random_device device;
  generator_ = static_cast<uint64_t>(device()) << 32 | device();
}

std::string PredictionIds::next(Time now) {
  std::string id;
  id.reserve(32);
  append_hex(id, static_cast<uint64_t>(now.micros), 14);
  append_hex(id, generator_, 10);
  append_hex(id, counter_.fetch_add(1, std::memory_order_relaxed), 8);
  return id;
}

}  // namespace millgate
