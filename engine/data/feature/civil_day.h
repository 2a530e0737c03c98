/// Days of the proleptic Gregorian calendar, exact for every 64-bit microsecond.
#pragma once

#include <cstdint>

namespace millgate {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct CivilDay {
  int64_t year;
  int64_t month;  ///< 1 to 12.
  int64_t day;    ///< 1 to 31.
};

/// Rounds down, where `/` rounds towards zero. `b` is above 0.
constexpr int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
/// Days since 1970-01-01 of a time in microseconds, and the microseconds since that day began.
constexpr int64_t day_number(int64_t micros) { return floor_divide(micros, kMicrosPerDay); }
constexpr int64_t micros_of_day(int64_t micros) {
  const int64_t rest = micros % kMicrosPerDay;  // The day's begin may be no 64-bit time.
  return rest < 0 ? rest + kMicrosPerDay : rest;
}
/// 0 for Sunday: 1970-01-01 was a Thursday.
constexpr int64_t weekday_number(int64_t days) { return days + 4 - floor_divide(days + 4, 7) * 7; }

/// Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days and
/// days_from_civil: exact for every 64-bit microsecond, where date::year has only 16 bits.
constexpr CivilDay civil_day(int64_t days) {
  const int64_t shifted = days + 719'468;  // Days since 0000-03-01.
  const int64_t era = floor_divide(shifted, 146'097);
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
          .month = month,
          .day = day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

constexpr int64_t day_number(CivilDay civil) {
  const int64_t year = civil.year - (civil.month <= 2 ? 1 : 0);
  const int64_t era = floor_divide(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = civil.month + (civil.month > 2 ? -3 : 9);
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

constexpr int64_t day_of_year(int64_t days) {
  return days - day_number(CivilDay{.year = civil_day(days).year, .month = 1, .day = 1}) + 1;
}

/// The Monday of the week of `days`.
constexpr int64_t week_begin(int64_t days) { return days - (weekday_number(days) + 6) % 7; }

}  // namespace millgate
