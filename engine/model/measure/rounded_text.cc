#include "model/measure/rounded_text.h"

#include <array>
#include <cstdio>

namespace millgate {

std::string rounded_text(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return text.data();
}

}  // namespace millgate
