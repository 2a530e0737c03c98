#include "data/keep/retention.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <random>
#include <set>
#include <string>

#include "ground/random.h"

namespace millgate {
namespace {

std::vector<Time> times_of(const std::vector<std::string>& texts) {
  std::vector<Time> times;
  for (const std::string& text : texts) times.push_back(*parse_time(text));
  return times;
}

using Kept = std::vector<bool>;

TEST(Retention, TheNewestAlwaysStays) {
  EXPECT_EQ(kept_by({}, times_of({"2026-01-01", "2026-01-02"})), (Kept{false, true}));
  EXPECT_TRUE(kept_by({.last = 3}, {}).empty());
}

TEST(Retention, EachRuleKeepsTheNewestOfItsPeriods) {
  const auto times = times_of({"2024-12-31T23:59:59", "2025-12-28", "2025-12-29", "2026-01-04",
                               "2026-01-05T01:00", "2026-01-05T02:00"});
  EXPECT_EQ(kept_by({.last = 2}, times), (Kept{false, false, false, false, true, true}));
  EXPECT_EQ(kept_by({.daily = 2}, times), (Kept{false, false, false, true, false, true}));
  // Monday the 29th of December to Sunday the 4th of January is one week.
  EXPECT_EQ(kept_by({.weekly = 3}, times), (Kept{false, true, false, true, false, true}));
  EXPECT_EQ(kept_by({.monthly = 2}, times), (Kept{false, false, true, false, false, true}));
  EXPECT_EQ(kept_by({.yearly = 3}, times), (Kept{true, false, true, false, false, true}));
  EXPECT_EQ(kept_by({.last = 1, .yearly = 3}, times),
            (Kept{true, false, true, false, false, true}));
}

/// The definition, read off the calendar as texts.
std::set<size_t> kept_periods(const std::vector<Time>& times, int64_t count,
                              const std::function<std::string(Time)>& period) {
  std::set<std::string> seen;
  std::set<size_t> kept;
  for (size_t i = times.size(); i-- > 0;) {
    if (static_cast<int64_t>(seen.size()) == count) break;
    if (seen.insert(period(times[i])).second) kept.insert(i);
  }
  return kept;
}

TEST(Retention, RandomSeriesKeepWhatTheCalendarSays) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const auto monday_of = [](Time time) {
    // By steps of a day back to one whose name is Monday.
    using namespace std::chrono;
    sys_days day = floor<days>(sys_time<microseconds>(microseconds(time.micros)));
    while (weekday(day) != Monday) day -= days(1);
    return std::to_string(day.time_since_epoch().count());
  };
  const auto digits = [](size_t count) {
    return [count](Time time) { return to_string(time).substr(0, count); };
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<Time> times;
    int64_t now = parse_time("1969-06-01")->micros;
    for (uint64_t i = 0; i < random.below(60); ++i) {
      now += static_cast<int64_t>(random.below(40)) * static_cast<int64_t>(random.below(40)) *
             3'600'000'000;
      times.push_back({now});
    }
    const auto pick = [&] { return static_cast<int64_t>(random.below(6)); };
    const Retention rule = {
        .last = pick(), .daily = pick(), .weekly = pick(), .monthly = pick(), .yearly = pick()};
    std::set<size_t> expected;
    for (size_t i = 0; i < times.size(); ++i) {
      if (i + static_cast<size_t>(rule.last) >= times.size()) expected.insert(i);
    }
    if (!times.empty()) expected.insert(times.size() - 1);
    expected.merge(kept_periods(times, rule.daily, digits(10)));
    expected.merge(kept_periods(times, rule.weekly, monday_of));
    expected.merge(kept_periods(times, rule.monthly, digits(7)));
    expected.merge(kept_periods(times, rule.yearly, digits(4)));
    const Kept kept = kept_by(rule, times);
    for (size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(kept[i], expected.contains(i)) << i << " of " << times.size();
    }
  }
}

}  // namespace
}  // namespace millgate
