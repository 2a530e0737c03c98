#include <date/tz.h>

#include <exception>

#include "data/feature/civil_day.h"
#include "data/feature/function_table.h"
#include "data/feature/time_unit.h"
#include "ground/nearest_name.h"

namespace millgate {
namespace {

bool weekday_of(int64_t micros, int64_t& result) {
  result = weekday_number(day_number(micros));
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
  result = day_of_year(day_number(micros));
  return true;
}
bool iso_weekday_of(int64_t micros, int64_t& result) {
  result = (weekday_number(day_number(micros)) + 6) % 7 + 1;
  return true;
}
bool quarter_of(int64_t micros, int64_t& result) {
  result = (civil_day(day_number(micros)).month - 1) / 3 + 1;
  return true;
}
/// ISO 8601: the week belongs to the year of its Thursday.
bool iso_week_of(int64_t micros, int64_t& result) {
  const int64_t thursday = week_begin(day_number(micros)) + 3;
  result = (day_of_year(thursday) - 1) / 7 + 1;
  return true;
}
bool days_in_month_of(int64_t micros, int64_t& result) {
  const CivilDay civil = civil_day(day_number(micros));
  const CivilDay next =
      civil.month == 12 ? CivilDay{civil.year + 1, 1, 1} : CivilDay{civil.year, civil.month + 1, 1};
  result = day_number(next) - day_number(CivilDay{civil.year, civil.month, 1});
  return true;
}

bool seconds_of(int64_t micros, double& result) {
  result = static_cast<double>(micros) / static_cast<double>(kMicrosPerSecond);
  return true;
}

struct PreparedUnit : Prepared {
  explicit PreparedUnit(TimeUnit its_unit) : unit(its_unit) {}
  TimeUnit unit;
};

Result<std::shared_ptr<const Prepared>> prepare_unit(std::span<const Vector> literals,
                                                     const ExpressionContext& /*context*/) {
  const std::string& name = literals.front().texts.front();
  const auto unit = find_time_unit(name);
  if (!unit) {
    return invalid_input("unknown unit of time `" + name + "`", name_hint(name, time_unit_names()));
  }
  return std::shared_ptr<const Prepared>(std::make_shared<PreparedUnit>(*unit));
}

/// Weeks are left out: DuckDB counts whole ones, others the Mondays between.
Result<std::shared_ptr<const Prepared>> prepare_difference(std::span<const Vector> literals,
                                                           const ExpressionContext& context) {
  const auto unit = find_time_unit(literals.front().texts.front());
  if (unit != TimeUnit::week) return prepare_unit(literals, context);
  return invalid_input("`date_diff` does not count weeks, because databases disagree on them",
                       "write date_diff('day', a, b) // 7, or take date_trunc('week', ...) of "
                       "both before");
}

void truncate_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const TimeUnit unit = prepared_as<PreparedUnit>(arguments[0]).unit;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[1].valid(row)) continue;
    out.valid[row] = 1;
    out.integers[row] = truncate_time(unit, Slot<int64_t>::get(arguments[1], row));
  }
}

void difference_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const TimeUnit unit = prepared_as<PreparedUnit>(arguments[0]).unit;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[1].valid(row) || !arguments[2].valid(row)) continue;
    out.valid[row] = 1;
    out.integers[row] = units_between(unit, Slot<int64_t>::get(arguments[1], row),
                                      Slot<int64_t>::get(arguments[2], row));
  }
}

struct PreparedZone : Prepared {
  explicit PreparedZone(const date::time_zone* its_zone) : zone(its_zone) {}
  const date::time_zone* zone;
};

Result<std::shared_ptr<const Prepared>> prepare_zone(std::span<const Vector> literals,
                                                     const ExpressionContext& /*context*/) {
  const std::string& name = literals.front().texts.front();
  try {
    const date::time_zone* zone = date::locate_zone(name);
    return std::shared_ptr<const Prepared>(std::make_shared<PreparedZone>(zone));
  } catch (const std::exception&) {
    std::vector<std::string> names;
    try {
      for (const date::time_zone& zone : date::get_tzdb().zones) names.emplace_back(zone.name());
    } catch (const std::exception&) {
      return invalid_input("the time zone `" + name + "` cannot be read",
                           "install the package tzdata, which has the rules of time zones");
    }
    return invalid_input("unknown time zone `" + name + "`", name_hint(name, names));
  }
}

/// Years for which the time zone library has an answer; others give null.
constexpr int64_t kZoneMicrosMin = -62'000'000'000 * kMicrosPerSecond;
constexpr int64_t kZoneMicrosMax = 253'000'000'000 * kMicrosPerSecond;
/// 2037: the tables of the system end there, after it the rules of then go on.
constexpr int64_t kZoneTableEnd = 2'114'380'800 * kMicrosPerSecond;

/// A time before 2037 in a year with the same days of the week, hence the same changes of the
/// clock by rules such as "the last Sunday of March".
int64_t time_in_table(int64_t micros) {
  if (micros < kZoneTableEnd) return micros;
  const int64_t year = civil_day(day_number(micros)).year;
  const int64_t begin = day_number(CivilDay{.year = year, .month = 1, .day = 1});
  const auto length = [](int64_t of_year) {
    return day_number(CivilDay{.year = of_year + 1, .month = 1, .day = 1}) -
           day_number(CivilDay{.year = of_year, .month = 1, .day = 1});
  };
  for (int64_t like = 2036; like > 2008; --like) {
    const int64_t like_begin = day_number(CivilDay{.year = like, .month = 1, .day = 1});
    if (length(like) == length(year) && weekday_number(like_begin) == weekday_number(begin)) {
      return micros - (begin - like_begin) * kMicrosPerDay;
    }
  }
  return micros;
}

/// The offset of a zone holds for a while: rows near each other in time share a look-up.
void zone_kernel(std::span<const Operand> arguments, size_t rows, Vector& out) {
  const date::time_zone* zone = prepared_as<PreparedZone>(arguments[0]).zone;
  date::sys_info info{};
  bool has_info = false;
  for (size_t row = 0; row < rows; ++row) {
    if (!arguments[1].valid(row)) continue;
    const int64_t micros = Slot<int64_t>::get(arguments[1], row);
    if (micros < kZoneMicrosMin || micros > kZoneMicrosMax) continue;
    const date::sys_seconds time{
        std::chrono::seconds(floor_divide(time_in_table(micros), kMicrosPerSecond))};
    if (!has_info || time < info.begin || time >= info.end) info = zone->get_info(time);
    has_info = true;
    out.valid[row] = 1;
    out.integers[row] = micros + info.offset.count() * kMicrosPerSecond;
  }
}

template <auto function>
ExpressionFunction part_of_time(const std::string& name, const std::string& doc) {
  return {.name = name,
          .group = "Time",
          .usage = name + "(t)",
          .doc = doc,
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
      part_of_time<iso_weekday_of>("isodow", "1 for Monday to 7 for Sunday."),
      part_of_time<iso_week_of>("week", "The week of ISO 8601, 1 to 53."),
      part_of_time<quarter_of>("quarter", "1 to 4."),
      part_of_time<days_in_month_of>("days_in_month", "28 to 31."),
      part_of_time<hour_of>("hour", "0 to 23."),
      part_of_time<minute_of>("minute", "0 to 59."),
      part_of_time<second_of>("second", "0 to 59, without its fraction."),
      {.name = "epoch",
       .group = "Time",
       .usage = "epoch(t), epoch(interval)",
       .doc = "Seconds since 1970-01-01, or the seconds that an interval lasts; a number.",
       .overloads = {{{ValueType::time}, ValueType::number, seconds},
                     {{ValueType::duration}, ValueType::number, seconds}}},
      {.name = "date_trunc",
       .group = "Time",
       .usage = "date_trunc('hour', t)",
       .doc = "The begin of the second, minute, hour, day, week (Monday), month, quarter or year.",
       .overloads = {{.parameters = {ValueType::text, ValueType::time},
                      .result = ValueType::time,
                      .kernel = truncate_kernel,
                      .literals = {0},
                      .prepare = prepare_unit}}},
      {.name = "date_diff",
       .group = "Time",
       .usage = "date_diff('day', a, b)",
       .doc = "How many of these units begin after a and up to b; negative when b is before a.",
       .overloads = {{.parameters = {ValueType::text, ValueType::time, ValueType::time},
                      .result = ValueType::integer,
                      .kernel = difference_kernel,
                      .literals = {0},
                      .prepare = prepare_difference}}},
      {.name = "timezone",
       .group = "Time",
       .usage = "timezone('America/New_York', t)",
       .doc = "What clocks show there at the time t, daylight saving included.",
       .overloads = {{.parameters = {ValueType::text, ValueType::time},
                      .result = ValueType::time,
                      .kernel = zone_kernel,
                      .literals = {0},
                      .prepare = prepare_zone}}},
  };
}

}  // namespace millgate
