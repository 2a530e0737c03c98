#include "data/feature/function_table.h"

namespace millgate {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// A day of the proleptic Gregorian calendar.
struct CivilDay {
  int64_t year;
  int64_t month;  ///< 1 to 12.
  int64_t day;    ///< 1 to 31.
};

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t day_number(int64_t micros) { return floor_divide(micros, kMicrosPerDay); }
int64_t micros_of_day(int64_t micros) { return micros - day_number(micros) * kMicrosPerDay; }

/// Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: exact for
/// every 64-bit microsecond, where date::year has only 16 bits.
CivilDay civil_day(int64_t days) {
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

bool weekday_of(int64_t micros, int64_t& result) {
  const int64_t days = day_number(micros) + 4;  // 1970-01-01 was a Thursday.
  result = days - floor_divide(days, 7) * 7;
  return true;
}
bool hour_of(int64_t micros, int64_t& result) {
  result = micros_of_day(micros) / (3600 * kMicrosPerSecond);
  return true;
}
bool minute_of(int64_t micros, int64_t& result) {
  result = micros_of_day(micros) / (60 * kMicrosPerSecond) % 60;
  return true;
}
bool second_of(int64_t micros, int64_t& result) {
  result = micros_of_day(micros) / kMicrosPerSecond % 60;
  return true;
}
bool day_of(int64_t micros, int64_t& result) {
  result = civil_day(day_number(micros)).day;
  return true;
}
bool month_of(int64_t micros, int64_t& result) {
  result = civil_day(day_number(micros)).month;
  return true;
}
bool year_of(int64_t micros, int64_t& result) {
  result = civil_day(day_number(micros)).year;
  return true;
}

bool day_of_year_of(int64_t micros, int64_t& result) {
  constexpr int64_t kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const CivilDay civil = civil_day(day_number(micros));
  const bool is_leap = civil.year % 4 == 0 && (civil.year % 100 != 0 || civil.year % 400 == 0);
  result = kDaysBefore[civil.month - 1] + civil.day + (is_leap && civil.month > 2 ? 1 : 0);
  return true;
}

bool seconds_of(int64_t micros, double& result) {
  result = static_cast<double>(micros) / static_cast<double>(kMicrosPerSecond);
  return true;
}

template <auto function>
ExpressionFunction part_of_time(std::string name, std::string doc) {
  return {.name = name,
          .group = "Time",
          .usage = name + "(t)",
          .doc = std::move(doc),
          .overloads = {
              {{ValueType::time}, ValueType::integer, strict_kernel<function, int64_t, int64_t>}}};
}

}  // namespace

std::vector<ExpressionFunction> time_functions() {
  const Kernel seconds = strict_kernel<seconds_of, double, int64_t>;
  return {
      part_of_time<year_of>("year", "The year."),
      part_of_time<month_of>("month", "1 to 12."),
      part_of_time<day_of>("day", "The day of the month, 1 to 31."),
      part_of_time<day_of_year_of>("day_of_year", "1 to 366."),
      part_of_time<weekday_of>("weekday", "0 for Sunday to 6 for Saturday."),
      part_of_time<hour_of>("hour", "0 to 23."),
      part_of_time<minute_of>("minute", "0 to 59."),
      part_of_time<second_of>("second", "0 to 59, without its fraction."),
      {.name = "epoch",
       .group = "Time",
       .usage = "epoch(t), epoch(interval)",
       .doc = "Seconds since 1970-01-01, or the seconds that an interval lasts; a number.",
       .overloads = {{{ValueType::time}, ValueType::number, seconds},
                     {{ValueType::duration}, ValueType::number, seconds}}},
  };
}

}  // namespace millgate
