#include "system/monitor/wording.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace millgate {
namespace {

std::string with_decimals(double value, int decimals) {
  std::array<char, 400> text{};  // The largest double has 309 digits before the point.
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string with_digits(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return text.data();
}

}  // namespace

std::string count_text(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string count_of(int64_t count, const std::string& noun) {
  return count_text(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string percent_text(double share) {
  if (std::isnan(share)) return "unknown";
  const double percent = share * 100;
  const double size = std::abs(percent);
  if (size == 0) return "0 %";
  if (size < 0.01) return "< 0.01 %";
  if (size < 1) return with_decimals(percent, 2) + " %";
  if (size < 10) return with_decimals(percent, 1) + " %";
  // "100 %" is kept for all of them: 99.98 % of rows is another thing.
  if (size > 99 && size < 100) return with_decimals(std::min(size, 99.99), 2) + " %";
  return with_decimals(percent, 0) + " %";
}

std::string figure_text(double value) {
  if (std::isnan(value)) return "unknown";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  const double size = std::abs(value);
  if (size >= 1e15) return with_digits(value, 3);
  if (size >= 1000) return count_text(std::llround(value));
  if (value == std::round(value)) return with_decimals(value, 0);
  if (size >= 100) return with_decimals(value, 0);
  if (size >= 10) return with_decimals(value, 1);
  if (size >= 1) return with_decimals(value, 2);
  if (size >= 0.001) return with_decimals(value, 3);
  return with_digits(value, 2);
}

std::string time_text(Time time) {
  std::string text = to_string(time);  // 2013-06-01T13:30:00Z
  if (text.compare(10, 10, "T00:00:00Z") == 0) return text.substr(0, 10);
  text[10] = ' ';
  return text.substr(0, text.compare(16, 4, ":00Z") == 0 ? 16 : 19);
}

std::string duration_text(int64_t micros) {
  constexpr int64_t kSecond = 1'000'000;
  constexpr int64_t kMinute = 60 * kSecond;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  if (micros % kDay == 0 && micros != 0) return count_of(micros / kDay, "day");
  if (micros % kHour == 0 && micros != 0) return count_of(micros / kHour, "hour");
  if (micros % kMinute == 0 && micros != 0) return count_of(micros / kMinute, "minute");
  return figure_text(static_cast<double>(micros) / kSecond) + " seconds";
}

}  // namespace millgate
