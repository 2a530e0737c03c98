#include "system/monitor/windows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ground/random.h"

namespace millgate {
namespace {

constexpr int64_t kHour = 3'600'000'000;
constexpr int64_t kDay = 24 * kHour;

Time at(const char* text) { return parse_time(text).value(); }

WindowGrid grid_of(int64_t window, const char* first, const char* last, const char* from = "") {
  MonitorOptions options;
  options.window_micros = window;
  if (*from != 0) options.from = at(from);
  const auto grid = make_grid(options, at(first), at(last));
  EXPECT_TRUE(grid.ok()) << (grid.ok() ? "" : grid.error().what);
  return grid.ok() ? *grid : WindowGrid{};
}

TEST(Windows, LongOnesBeginAtMidnightBeforeTheFirstRow) {
  const WindowGrid grid = grid_of(7 * kDay, "2026-03-04T15:30", "2026-03-20");
  EXPECT_EQ(to_string(grid.from(0)), "2026-03-04T00:00:00Z");
  EXPECT_EQ(to_string(grid.to(0)), "2026-03-11T00:00:00Z");
  EXPECT_EQ(to_string(grid.from(1)), "2026-03-11T00:00:00Z");
  EXPECT_EQ(grid.count, 3U);
}

TEST(Windows, ShortOnesBeginAtTheirOwnMultiple) {
  const WindowGrid grid = grid_of(6 * kHour, "2026-03-04T15:30", "2026-03-04T18:00");
  EXPECT_EQ(to_string(grid.from(0)), "2026-03-04T12:00:00Z");
  EXPECT_EQ(grid.count, 2U) << "a row at the very end of a window is in the next";
  EXPECT_EQ(grid_of(6 * kHour, "2026-03-04T15:30", "2026-03-04T17:59:59.999999").count, 1U);
}

TEST(Windows, BeginWhereTheyAreAskedTo) {
  const WindowGrid grid = grid_of(kDay, "2026-03-04T15:30", "2026-03-05T00:00", "2026-03-04T10:00");
  EXPECT_EQ(to_string(grid.from(0)), "2026-03-04T10:00:00Z");
  EXPECT_EQ(grid.count, 1U);
}

TEST(Windows, BeforeTheEpochToo) {
  const WindowGrid grid = grid_of(kDay, "1969-12-30T15:30", "1970-01-01T00:00");
  EXPECT_EQ(to_string(grid.from(0)), "1969-12-30T00:00:00Z");
  EXPECT_EQ(grid.count, 3U);
}

TEST(Windows, NoneIsTooShortOrTooMany) {
  MonitorOptions options;
  for (const int64_t length : {int64_t{0}, int64_t{-1}, kHour / 100}) {
    options.window_micros = length;
    const auto grid = make_grid(options, at("2026-03-01"), at("2026-03-02T00:00"));
    ASSERT_FALSE(grid.ok()) << length;
    EXPECT_EQ(grid.error().code, ErrorCode::invalid_input);
    EXPECT_FALSE(grid.error().hint.empty());
  }
  options.window_micros = kHour;
  EXPECT_TRUE(make_grid(options, Time{0}, Time{2000 * kHour - 1}).ok());
  EXPECT_FALSE(make_grid(options, Time{0}, Time{2000 * kHour}).ok());
}

TEST(Windows, EveryRowIsInTheOneWindowThatHoldsItsTime) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const WindowGrid grid{.begin_micros = static_cast<int64_t>(random.below(1000)) - 500,
                          .length_micros = static_cast<int64_t>(random.below(9)) + 1,
                          .count = random.below(30) + 1};
    std::vector<int64_t> times;
    for (uint64_t i = random.below(60); i > 0; --i) {
      const auto width = static_cast<uint64_t>(grid.length_micros) * grid.count;
      times.push_back(grid.begin_micros + static_cast<int64_t>(random.below(width)));
    }
    std::sort(times.begin(), times.end());
    const auto ranges = grid.ranges(times);
    ASSERT_EQ(ranges.size(), grid.count);
    size_t covered = 0;
    for (size_t window = 0; window < ranges.size(); ++window) {
      EXPECT_EQ(ranges[window].first, covered) << "no row is passed over or taken twice";
      for (size_t row = ranges[window].first; row < ranges[window].last; ++row) {
        EXPECT_GE(times[row], grid.from(window).micros);
        EXPECT_LT(times[row], grid.to(window).micros);
      }
      covered = ranges[window].last;
    }
    EXPECT_EQ(covered, times.size());
  }
}

}  // namespace
}  // namespace millgate
