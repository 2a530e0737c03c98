#include "system/monitor/windows.h"

#include <algorithm>

#include "system/monitor/wording.h"

namespace millgate {
namespace {

constexpr int64_t kDayMicros = 24LL * 3600 * 1'000'000;
constexpr int64_t kWindowsMax = 2'000;

int64_t floor_to(int64_t value, int64_t step) {
  const int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

}  // namespace

Time WindowGrid::from(size_t window) const {
  return Time{begin_micros + static_cast<int64_t>(window) * length_micros};
}

Time WindowGrid::to(size_t window) const { return from(window + 1); }

std::vector<LogRows> WindowGrid::ranges(std::span<const int64_t> event_micros) const {
  std::vector<LogRows> ranges;
  size_t row = 0;
  for (size_t window = 0; window < count; ++window) {
    const auto end = std::lower_bound(event_micros.begin() + static_cast<std::ptrdiff_t>(row),
                                      event_micros.end(), to(window).micros);
    const size_t last = static_cast<size_t>(end - event_micros.begin());
    ranges.push_back({row, last});
    row = last;
  }
  return ranges;
}

Result<WindowGrid> make_grid(const MonitorOptions& options, Time first, Time last) {
  if (options.window_micros <= 0) {
    return invalid_input("the window has no length", "give a length such as 7d or 12h");
  }
  WindowGrid grid;
  grid.length_micros = options.window_micros;
  grid.begin_micros = options.from
                          ? options.from->micros
                          : floor_to(first.micros, std::min(options.window_micros, kDayMicros));
  const int64_t count = (last.micros - grid.begin_micros) / options.window_micros + 1;
  if (count > kWindowsMax) {
    return invalid_input("windows of " + duration_text(options.window_micros) + " would be " +
                             count_text(count) + " from " + time_text(first) + " to " +
                             time_text(last) + "; the most is " + count_text(kWindowsMax),
                         "ask for a longer window or for less time");
  }
  grid.count = static_cast<size_t>(count);
  return grid;
}

}  // namespace millgate
