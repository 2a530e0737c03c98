#include "data/table/value_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "ground/clock.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kExactIntegerMax = int64_t{1} << 53;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a text from left to right.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }
  bool skip(char c) {
    if (peek() != c || done()) return false;
    ++at_;
    return true;
  }
  /// Exactly `count` digits.
  std::optional<int> digits(size_t count) {
    if (text_.size() - at_ < count) return std::nullopt;
    int value = 0;
    for (size_t i = 0; i < count; ++i, ++at_) {
      if (!is_digit(text_[at_])) return std::nullopt;
      value = value * 10 + (text_[at_] - '0');
    }
    return value;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

std::optional<int32_t> read_date(Cursor& cursor) {
  const auto year = cursor.digits(4);
  if (!year || !cursor.skip('-')) return std::nullopt;
  const auto month = cursor.digits(2);
  if (!month || !cursor.skip('-')) return std::nullopt;
  const auto day = cursor.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

/// ".123456789" after the seconds, in microseconds; 0 when there is none.
std::optional<int64_t> read_fraction(Cursor& cursor) {
  if (!cursor.skip('.')) return 0;
  if (!is_digit(cursor.peek())) return std::nullopt;
  int64_t micros = 0;
  int64_t unit = kMicrosPerSecond / 10;
  while (is_digit(cursor.peek())) {
    const char c = cursor.peek();
    cursor.skip(c);
    micros += unit * (c - '0');
    unit /= 10;
  }
  return micros;
}

/// "10:00", "10:00:00", "10:00:00.5" in microseconds since midnight.
std::optional<int64_t> read_time_of_day(Cursor& cursor) {
  const auto hour = cursor.digits(2);
  if (!hour || *hour > 23 || !cursor.skip(':')) return std::nullopt;
  const auto minute = cursor.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t micros = (*hour * 60 + *minute) * 60 * kMicrosPerSecond;
  if (!cursor.skip(':')) return micros;
  const auto second = cursor.digits(2);
  if (!second || *second > 59) return std::nullopt;
  const auto fraction = read_fraction(cursor);
  if (!fraction) return std::nullopt;
  return micros + *second * kMicrosPerSecond + *fraction;
}

/// "Z", "+01", "+0100", "-01:00" in microseconds east of UTC.
std::optional<int64_t> read_zone(Cursor& cursor) {
  if (cursor.skip('Z') || cursor.skip('z')) return 0;
  const bool west = cursor.peek() == '-';
  if (!cursor.skip('-') && !cursor.skip('+')) return std::nullopt;
  const auto hours = cursor.digits(2);
  if (!hours || *hours > 23) return std::nullopt;
  int minutes = 0;
  if (!cursor.done()) {
    cursor.skip(':');
    const auto read = cursor.digits(2);
    if (!read || *read > 59) return std::nullopt;
    minutes = *read;
  }
  const int64_t east = (*hours * 60 + minutes) * 60 * kMicrosPerSecond;
  return west ? -east : east;
}

/// "nan", "inf" and "infinity" in any case, with a sign.
std::optional<double> not_finite_from(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string lower;
  for (const char c : text) {
    lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    if (lower.size() > 8) return std::nullopt;
  }
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (lower != "inf" && lower != "infinity") return std::nullopt;
  const double infinity = std::numeric_limits<double>::infinity();
  return negative ? -infinity : infinity;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<bool> boolean_from(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<int64_t> integer_from(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.empty() || !is_digit(digits[0])) return std::nullopt;
  if (digits[0] == '0' && (digits.size() > 1 || text[0] == '-')) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> number_from(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  if (!is_digit(digits[0]) && digits[0] != '.') return not_finite_from(text);
  if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::all_of(digits.begin(), digits.end(), is_digit)) {
    const auto whole = integer_from(digits);
    if (!whole || *whole > kExactIntegerMax) return std::nullopt;
  }
  return value;
}

std::optional<int32_t> date_from(std::string_view text) {
  Cursor cursor(text);
  const auto days = read_date(cursor);
  return cursor.done() ? days : std::nullopt;
}

std::optional<Timestamp> timestamp_from(std::string_view text) {
  Cursor cursor(text);
  const auto days = read_date(cursor);
  if (!days) return std::nullopt;
  Timestamp value{.micros = int64_t{*days} * 86'400 * kMicrosPerSecond};
  if (cursor.done()) return value;
  if (!cursor.skip('T') && !cursor.skip(' ')) return std::nullopt;
  const auto time_of_day = read_time_of_day(cursor);
  if (!time_of_day) return std::nullopt;
  value.micros += *time_of_day;
  if (cursor.done()) return value;
  const auto east = read_zone(cursor);
  if (!east || !cursor.done()) return std::nullopt;
  value.micros -= *east;
  value.zoned = true;
  return value;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = shortest_text(value);
  // A point says that the column holds doubles, also if every value is whole.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

double shortest_double(float value) {
  if (!std::isfinite(value)) return value;
  char digits[32];
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  double number = 0;
  std::from_chars(digits, written.ptr, number);
  return number;
}

std::string date_text(int32_t days) {
  return timestamp_text({.micros = int64_t{days} * 86'400 * kMicrosPerSecond}).substr(0, 10);
}

std::string timestamp_text(Timestamp value) {
  std::string text = to_string(Time{value.micros});
  if (!value.zoned) text.pop_back();
  return text;
}

}  // namespace millgate
