#include <charconv>
#include <cmath>
#include <limits>

#include "data/feature/civil_day.h"
#include "data/feature/function_table.h"
#include "ground/clock.h"

namespace millgate {
namespace {

// Casts are DuckDB's `try_cast`: null where a value has no counterpart.

/// Rounds halves to the even neighbour, as DuckDB.
bool integer_from_number(double x, int64_t& result) {
  const double rounded = std::nearbyint(x);
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return false;
  result = static_cast<int64_t>(rounded);
  return true;
}
bool fits_32_bits(int64_t x) {
  return x >= std::numeric_limits<int32_t>::min() && x <= std::numeric_limits<int32_t>::max();
}
bool small_integer_from_number(double x, int64_t& result) {
  int64_t whole = 0;
  if (!integer_from_number(x, whole) || !fits_32_bits(whole)) return false;
  result = whole;
  return true;
}
bool small_integer_from_integer(int64_t x, int64_t& result) {
  if (!fits_32_bits(x)) return false;
  result = x;
  return true;
}
bool same_integer(int64_t x, int64_t& result) {
  result = x;
  return true;
}
bool same_number(double x, double& result) {
  result = x;
  return true;
}
bool number_from_integer(int64_t x, double& result) {
  result = static_cast<double>(x);
  return true;
}
bool boolean_from_integer(int64_t x, int64_t& result) {
  result = x != 0 ? 1 : 0;
  return true;
}
bool boolean_from_number(double x, int64_t& result) {
  result = x != 0.0 ? 1 : 0;
  return true;
}

std::string_view without_spaces(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// Digits with a sign; nothing else, so that '12.7' is no integer by accident.
bool integer_from_text(const std::string& text, int64_t& result) {
  std::string_view digits = without_spaces(text);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.starts_with('-') && text.find('+') != std::string::npos) return false;
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end) return false;
  result = value;
  return true;
}
bool small_integer_from_text(const std::string& text, int64_t& result) {
  int64_t value = 0;
  if (!integer_from_text(text, value) || !fits_32_bits(value)) return false;
  result = value;
  return true;
}
bool number_from_text(const std::string& text, double& result) {
  std::string_view digits = without_spaces(text);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.starts_with('-') && text.find("+-") != std::string::npos) return false;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end) return false;
  result = value;
  return true;
}
bool same_text(const std::string& text, std::string& result) {
  result = text;
  return true;
}
bool text_from_integer(int64_t value, std::string& result) {
  result = std::to_string(value);
  return true;
}
bool text_from_boolean(int64_t value, std::string& result) {
  result = value != 0 ? "true" : "false";
  return true;
}
bool time_from_text(const std::string& text, int64_t& result) {
  const Result<Time> time = parse_time(text);
  if (!time.ok()) return false;
  result = time->micros;
  return true;
}
bool day_from_time(int64_t micros, int64_t& result) {
  return !__builtin_mul_overflow(day_number(micros), kMicrosPerDay, &result);
}
bool day_from_text(const std::string& text, int64_t& result) {
  int64_t micros = 0;
  return time_from_text(text, micros) && day_from_time(micros, result);
}

constexpr ValueType kBoolean = ValueType::boolean;
constexpr ValueType kInteger = ValueType::integer;
constexpr ValueType kNumber = ValueType::number;
constexpr ValueType kText = ValueType::text;
constexpr ValueType kTime = ValueType::time;

template <auto function, typename Out, typename In>
FunctionOverload from(ValueType type, ValueType result) {
  return {{type}, result, strict_kernel<function, Out, In>};
}

ExpressionFunction cast(const std::string& type, std::string usage, std::string doc,
                        std::vector<FunctionOverload> overloads) {
  return {.name = "cast as " + type,
          .group = "Casts",
          .usage = std::move(usage),
          .doc = std::move(doc),
          .is_operator = true,
          .overloads = std::move(overloads)};
}

}  // namespace

std::vector<ExpressionFunction> cast_functions() {
  return {
      cast("double", "cast(x as double), x::double", "As a number; null where a text is none.",
           {from<number_from_integer, double, int64_t>(kInteger, kNumber),
            from<same_number, double, double>(kNumber, kNumber),
            from<number_from_integer, double, int64_t>(kBoolean, kNumber),
            from<number_from_text, double, std::string>(kText, kNumber)}),
      cast("bigint", "cast(x as bigint), x::bigint",
           "As an integer, halves to the even neighbour; null where none is near.",
           {from<same_integer, int64_t, int64_t>(kInteger, kInteger),
            from<integer_from_number, int64_t, double>(kNumber, kInteger),
            from<same_integer, int64_t, int64_t>(kBoolean, kInteger),
            from<integer_from_text, int64_t, std::string>(kText, kInteger)}),
      cast("integer", "cast(x as integer), x::integer", "The same; null beyond 32 bits.",
           {from<small_integer_from_integer, int64_t, int64_t>(kInteger, kInteger),
            from<small_integer_from_number, int64_t, double>(kNumber, kInteger),
            from<same_integer, int64_t, int64_t>(kBoolean, kInteger),
            from<small_integer_from_text, int64_t, std::string>(kText, kInteger)}),
      cast("boolean", "cast(x as boolean), x::boolean", "Whether a number is not 0.",
           {from<boolean_from_integer, int64_t, int64_t>(kInteger, kBoolean),
            from<boolean_from_number, int64_t, double>(kNumber, kBoolean),
            from<same_integer, int64_t, int64_t>(kBoolean, kBoolean)}),
      cast("varchar", "cast(x as varchar), x::varchar", "An integer or boolean as text.",
           {from<text_from_integer, std::string, int64_t>(kInteger, kText),
            from<text_from_boolean, std::string, int64_t>(kBoolean, kText),
            from<same_text, std::string, std::string>(kText, kText)}),
      cast("timestamp", "cast(x as timestamp), x::timestamp",
           "The time that a text such as '2013-01-01 10:00' names; null where it names none.",
           {from<same_integer, int64_t, int64_t>(kTime, kTime),
            from<time_from_text, int64_t, std::string>(kText, kTime)}),
      cast("date", "cast(x as date), x::date", "The begin of the day.",
           {from<day_from_time, int64_t, int64_t>(kTime, kTime),
            from<day_from_text, int64_t, std::string>(kText, kTime)}),
  };
}

}  // namespace millgate
