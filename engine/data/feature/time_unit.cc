#include "data/feature/time_unit.h"

#include <array>

#include "data/feature/civil_day.h"

namespace millgate {
namespace {

struct NamedUnit {
  TimeUnit unit;
  std::string_view name;
};

constexpr std::array<NamedUnit, 8> kUnits = {{{TimeUnit::second, "second"},
                                              {TimeUnit::minute, "minute"},
                                              {TimeUnit::hour, "hour"},
                                              {TimeUnit::day, "day"},
                                              {TimeUnit::week, "week"},
                                              {TimeUnit::month, "month"},
                                              {TimeUnit::quarter, "quarter"},
                                              {TimeUnit::year, "year"}}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// The number of the unit, counted from some begin; weeks from a Monday.
int64_t unit_number(TimeUnit unit, int64_t micros) {
  const int64_t days = day_number(micros);
  switch (unit) {
    case TimeUnit::second:
      return floor_divide(micros, kMicrosPerSecond);
    case TimeUnit::minute:
      return floor_divide(micros, 60 * kMicrosPerSecond);
    case TimeUnit::hour:
      return floor_divide(micros, 3600 * kMicrosPerSecond);
    case TimeUnit::day:
      return days;
    case TimeUnit::week:
      return floor_divide(week_begin(days) + 3, 7);  // 1969-12-29 was a Monday.
    case TimeUnit::month:
      return civil_day(days).year * 12 + civil_day(days).month - 1;
    case TimeUnit::quarter:
      return civil_day(days).year * 4 + (civil_day(days).month - 1) / 3;
    case TimeUnit::year:
      return civil_day(days).year;
  }
  return 0;
}

/// Days times microseconds, without the overflow of the first day of all.
int64_t begin_of_day(int64_t days) {
  int64_t micros = 0;
  return __builtin_mul_overflow(days, kMicrosPerDay, &micros) ? INT64_MIN : micros;
}

int64_t begin_of_month(int64_t year, int64_t month) {
  return begin_of_day(day_number(CivilDay{.year = year, .month = month, .day = 1}));
}

int64_t floored(int64_t micros, int64_t step) {
  const int64_t rest = micros % step;
  int64_t result = 0;
  const bool overflows = __builtin_sub_overflow(micros, rest < 0 ? rest + step : rest, &result);
  return overflows ? INT64_MIN : result;
}

}  // namespace

std::optional<TimeUnit> find_time_unit(std::string_view name) {
  const std::string lower = lower_case(name);
  for (const NamedUnit& known : kUnits) {
    if (lower == known.name || lower == std::string(known.name) + "s") return known.unit;
  }
  return std::nullopt;
}

std::vector<std::string> time_unit_names() {
  std::vector<std::string> names;
  names.reserve(std::size(kUnits));
  for (const NamedUnit& known : kUnits) names.emplace_back(known.name);
  return names;
}

int64_t truncate_time(TimeUnit unit, int64_t micros) {
  const int64_t days = day_number(micros);
  const CivilDay civil = civil_day(days);
  switch (unit) {
    case TimeUnit::second:
      return floored(micros, kMicrosPerSecond);
    case TimeUnit::minute:
      return floored(micros, 60 * kMicrosPerSecond);
    case TimeUnit::hour:
      return floored(micros, 3600 * kMicrosPerSecond);
    case TimeUnit::day:
      return begin_of_day(days);
    case TimeUnit::week:
      return begin_of_day(week_begin(days));
    case TimeUnit::month:
      return begin_of_month(civil.year, civil.month);
    case TimeUnit::quarter:
      return begin_of_month(civil.year, (civil.month - 1) / 3 * 3 + 1);
    case TimeUnit::year:
      return begin_of_month(civil.year, 1);
  }
  return micros;
}

int64_t units_between(TimeUnit unit, int64_t from, int64_t to) {
  return unit_number(unit, to) - unit_number(unit, from);
}

}  // namespace millgate
