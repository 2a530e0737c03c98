/// The texts of single values in CSV and JSON files, read exactly: a text fits a type only if
/// the value means the same afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millgate {

/// "true" or "false", also "True", "TRUE", "False", "FALSE".
[[nodiscard]] std::optional<bool> boolean_from(std::string_view text);

/// Decimal digits with an optional sign. Zeros in front ("00501") do not fit, because they
/// mean a code and would be lost; nor does "-0".
[[nodiscard]] std::optional<int64_t> integer_from(std::string_view text);

/// A decimal number with an optional point and exponent, or "NaN", "inf", "-Infinity" in any
/// case. Whole numbers of more than 2^53 do not fit unless written with a point or exponent,
/// because a double would change them.
[[nodiscard]] std::optional<double> number_from(std::string_view text);

/// "2013-01-31": days since 1970-01-01. Only dates that exist.
[[nodiscard]] std::optional<int32_t> date_from(std::string_view text);

/// A moment: microseconds since 1970-01-01, in UTC when `zoned`, else on the wall clock of
/// whoever wrote it.
struct Timestamp {
  int64_t micros = 0;
  bool zoned = false;
};

/// "2013-01-31T10:00", "2013-01-31 10:00:00.5", each with an optional "Z" or "+hh:mm"; a date
/// alone is its midnight. Digits past the microsecond are dropped.
[[nodiscard]] std::optional<Timestamp> timestamp_from(std::string_view text);

/// `text` without spaces and tabs around it: numbers, booleans and times are read so.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The other way, so that reading gives the value again: the shortest digits ("0.1", "5.0",
/// "NaN", "-inf"); "2013-01-31"; "2013-01-31T10:00:00Z", without "Z" unless `zoned`.
[[nodiscard]] std::string number_text(double value);
/// The double with the shortest digits that give `value` back: 0.1 for the float 0.1.
[[nodiscard]] double shortest_double(float value);
[[nodiscard]] std::string date_text(int32_t days);
[[nodiscard]] std::string timestamp_text(Timestamp value);

}  // namespace millgate
