#include "model/measure/rounded_text.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace millgate {

std::string rounded_text(double value, int digits) {
  std::array<char, 64> text{};
  // What is longer than the digits would get an exponent, which people read wrongly.
  const bool is_long = std::abs(value) > std::pow(10.0, digits) - 0.5 && std::abs(value) < 1e15;
  if (is_long) {
    std::snprintf(text.data(), text.size(), "%.0f", value);
  } else {
    std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  }
  return text.data();
}

}  // namespace millgate
