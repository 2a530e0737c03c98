/// Event time cut into windows of one length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ground/clock.h"
#include "ground/error.h"
#include "system/monitor/monitor.h"

namespace millgate {

/// Rows [first, last) of the sorted rows of one model.
struct LogRows {
  size_t first = 0;
  size_t last = 0;
  [[nodiscard]] size_t size() const { return last - first; }
};

/// Windows from `begin` on, each `length_micros` long, `count` of them.
struct WindowGrid {
  int64_t begin_micros = 0;
  int64_t length_micros = 0;
  size_t count = 0;

  [[nodiscard]] Time from(size_t window) const;
  [[nodiscard]] Time to(size_t window) const;
  /// One range of rows a window; `event_micros` ascending and inside the grid.
  [[nodiscard]] std::vector<LogRows> ranges(std::span<const int64_t> event_micros) const;
};

/// The windows that cover `first` to `last`. They begin at `options.from`, or at midnight (UTC)
/// before `first`, or for shorter windows at the window's own multiple, so that the same data
/// gives the same windows whoever asks.
/// Errors: `invalid_input` for a length of zero or for more than 2,000 windows.
[[nodiscard]] Result<WindowGrid> make_grid(const MonitorOptions& options, Time first, Time last);

}  // namespace millgate
