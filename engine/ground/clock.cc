#include "ground/clock.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>

namespace millgate {

namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// Takes characters off the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take(char expected) {
    if (peek() != expected || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Exactly `count` digits.
  std::optional<int> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  /// One digit or more, as text.
  std::string_view digit_run() {
    size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    return taken(count);
  }

  std::string_view letter_run() {
    size_t count = 0;
    while (count < rest_.size() && is_letter(rest_[count])) ++count;
    return taken(count);
  }

  void skip_spaces() {
    while (take(' ')) {
    }
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  std::string_view taken(size_t count) {
    const std::string_view front = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return front;
  }

  std::string_view rest_;
};

std::optional<int64_t> read_date_micros(Cursor& cursor) {
  const auto year = cursor.digits(4);
  if (!year || !cursor.take('-')) return std::nullopt;
  const auto month = cursor.digits(2);
  if (!month || !cursor.take('-')) return std::nullopt;
  const auto day = cursor.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kMicrosPerDay;
}

/// The digits behind the decimal point. Those past the sixth are dropped: a time is never
/// rounded up into the future.
std::optional<int64_t> read_fraction_micros(Cursor& cursor) {
  const std::string_view digits = cursor.digit_run();
  if (digits.empty()) return std::nullopt;
  int64_t micros = 0;
  for (size_t i = 0; i < 6; ++i) micros = micros * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return micros;
}

std::optional<int64_t> read_time_of_day_micros(Cursor& cursor) {
  const auto hour = cursor.digits(2);
  if (!hour || *hour > 23 || !cursor.take(':')) return std::nullopt;
  const auto minute = cursor.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t micros = (*hour * 3600 + *minute * 60) * kMicrosPerSecond;
  if (!cursor.take(':')) return micros;
  const auto second = cursor.digits(2);
  if (!second || *second > 59) return std::nullopt;
  micros += *second * kMicrosPerSecond;
  if (!cursor.take('.')) return micros;
  const auto fraction = read_fraction_micros(cursor);
  if (!fraction) return std::nullopt;
  return micros + *fraction;
}

/// What must be taken away to come to UTC: "Z", "+hh:mm", "+hhmm", "+hh" or nothing.
std::optional<int64_t> read_offset_micros(Cursor& cursor) {
  if (cursor.take('Z') || cursor.take('z')) return 0;
  const bool east = cursor.take('+');
  if (!east && !cursor.take('-')) return 0;
  const auto hours = cursor.digits(2);
  if (!hours || *hours > 23) return std::nullopt;
  int minutes = 0;
  if (!cursor.at_end()) {
    cursor.take(':');
    const auto read = cursor.digits(2);
    if (!read || *read > 59) return std::nullopt;
    minutes = *read;
  }
  const int64_t micros = (*hours * 3600 + minutes * 60) * kMicrosPerSecond;
  return east ? micros : -micros;
}

std::optional<Time> read_time(std::string_view text) {
  Cursor cursor(text);
  const auto date = read_date_micros(cursor);
  if (!date) return std::nullopt;
  int64_t micros = *date;
  if (cursor.take('T') || cursor.take('t') || cursor.take(' ')) {
    const auto time_of_day = read_time_of_day_micros(cursor);
    if (!time_of_day) return std::nullopt;
    const auto offset = read_offset_micros(cursor);
    if (!offset) return std::nullopt;
    micros += *time_of_day - *offset;
  } else {
    cursor.take('Z');
  }
  if (!cursor.at_end()) return std::nullopt;
  return Time{micros};
}

/// Length of one `unit` in microseconds; 0 when there is no such unit.
int64_t unit_micros(std::string_view unit) {
  struct Unit {
    std::string_view brief, word;
    int64_t micros;
  };
  static constexpr std::array<Unit, 7> kUnits{{
      {"us", "microsecond", 1},
      {"ms", "millisecond", 1'000},
      {"s", "second", kMicrosPerSecond},
      {"m", "minute", 60 * kMicrosPerSecond},
      {"h", "hour", 3600 * kMicrosPerSecond},
      {"d", "day", kMicrosPerDay},
      {"w", "week", 7 * kMicrosPerDay},
  }};
  std::string lower;
  for (const char c : unit) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const Unit& known : kUnits) {
    if (lower == known.brief || lower == known.word || lower == std::string(known.word) + "s") {
      return known.micros;
    }
  }
  if (lower == "min" || lower == "mins") return 60 * kMicrosPerSecond;
  return 0;
}

/// One "30 minutes" of a duration.
std::optional<int64_t> read_duration_part(Cursor& cursor) {
  const std::string_view whole = cursor.digit_run();
  if (whole.empty() || whole.size() > 18) return std::nullopt;
  int64_t count = 0;
  for (const char c : whole) count = count * 10 + (c - '0');
  int64_t millionths = 0;
  if (cursor.take('.')) {
    const auto fraction = read_fraction_micros(cursor);
    if (!fraction) return std::nullopt;
    millionths = *fraction;
  }
  cursor.skip_spaces();
  const int64_t unit = unit_micros(cursor.letter_run());
  int64_t micros = 0;
  if (unit == 0 || __builtin_mul_overflow(count, unit, &micros)) return std::nullopt;
  // A unit is at most a week, 6.048e11, so the product fits.
  if (__builtin_add_overflow(micros, millionths * unit / 1'000'000, &micros)) return std::nullopt;
  return micros;
}

std::optional<int64_t> read_duration(std::string_view text) {
  Cursor cursor(text);
  cursor.skip_spaces();
  int64_t micros = 0;
  do {
    const auto part = read_duration_part(cursor);
    if (!part || __builtin_add_overflow(micros, *part, &micros)) return std::nullopt;
    cursor.skip_spaces();
  } while (!cursor.at_end());
  return micros;
}

class SystemClock final : public Clock {
 public:
  SystemClock() {
    // Read once: the environment must not be read while another thread may change it.
    if (const char* text = std::getenv("MILLGATE_NOW"); text != nullptr && *text != '\0') {
      if (auto time = parse_time(text); time.ok()) {
        stopped_at_ = *time;
      } else {
        fault_ = std::move(time).error().inside("the environment variable MILLGATE_NOW is wrong");
      }
    }
  }

  [[nodiscard]] Time now() const override {
    if (stopped_at_) return *stopped_at_;
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Time{std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
  }

  [[nodiscard]] Status check() const { return fault_; }

 private:
  std::optional<Time> stopped_at_;
  Status fault_;
};

const SystemClock& the_system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace

std::string to_string(Time time) {
  const std::chrono::sys_time<std::chrono::microseconds> point{
      std::chrono::microseconds(time.micros)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const int64_t micros_of_day = (point - day).count();
  const int64_t seconds = micros_of_day / kMicrosPerSecond;
  std::array<char, 64> text{};
  int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                             static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                             static_cast<unsigned>(date.day()), static_cast<int>(seconds / 3600),
                             static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  std::string result(text.data(), static_cast<size_t>(length));
  if (const int64_t fraction = micros_of_day % kMicrosPerSecond; fraction != 0) {
    length = std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(fraction));
    result.append(text.data(), static_cast<size_t>(length));
  }
  return result + "Z";
}

Result<Time> parse_time(std::string_view text) {
  if (const auto time = read_time(text)) return *time;
  return invalid_input("`" + std::string(text) + "` is not a time",
                       "write 2013-01-01, 2013-01-01T10:00 or 2013-01-01T10:00:00.5, followed by "
                       "Z or +hh:mm if it is not UTC");
}

Result<int64_t> parse_duration_micros(std::string_view text) {
  if (const auto micros = read_duration(text)) return *micros;
  return invalid_input("`" + std::string(text) + "` is not a duration",
                       "write a number and a unit: 30d, 3h, 15m, 20s, 250ms, or `30 minutes`");
}

const Clock& system_clock() { return the_system_clock(); }

Status check_system_clock() { return the_system_clock().check(); }

}  // namespace millgate
