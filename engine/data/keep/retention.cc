#include "data/keep/retention.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

namespace millgate {

namespace {

using Days = std::chrono::sys_days;

Days day_of(Time time) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(time.micros)));
}

int64_t day_number(Time time) { return day_of(time).time_since_epoch().count(); }

int64_t week_number(Time time) {
  // 1970-01-01 was a Thursday.
  return std::chrono::floor<std::chrono::weeks>(day_of(time) + std::chrono::days(3))
      .time_since_epoch()
      .count();
}

int64_t month_number(Time time) {
  const std::chrono::year_month_day date(day_of(time));
  return int64_t{int{date.year()}} * 12 + unsigned{date.month()};
}

int64_t year_number(Time time) { return int{std::chrono::year_month_day(day_of(time)).year()}; }

/// Keeps the newest of each of the newest `count` periods.
void keep_periods(const std::vector<Time>& times, int64_t count,
                  const std::function<int64_t(Time)>& period, std::vector<bool>& kept) {
  std::optional<int64_t> before;
  for (size_t i = times.size(); i-- > 0 && count > 0;) {
    const int64_t now = period(times[i]);
    if (before == now) continue;
    before = now;
    kept[i] = true;
    --count;
  }
}

}  // namespace

std::vector<bool> kept_by(const Retention& retention, const std::vector<Time>& times) {
  std::vector<bool> kept(times.size(), false);
  if (!kept.empty()) kept.back() = true;
  for (size_t i = 0; i < times.size(); ++i) {
    if (static_cast<int64_t>(times.size() - i) <= retention.last) kept[i] = true;
  }
  keep_periods(times, retention.daily, day_number, kept);
  keep_periods(times, retention.weekly, week_number, kept);
  keep_periods(times, retention.monthly, month_number, kept);
  keep_periods(times, retention.yearly, year_number, kept);
  return kept;
}

}  // namespace millgate
