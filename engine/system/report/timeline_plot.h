/// Stretches of time on one line: what trained, what was held out, what was served.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ground/clock.h"

namespace millgate {

/// One stretch.
struct TimeSpan {
  std::string label;
  std::string note;  ///< "121,040 rows".
  Time from, to;
  std::string css_class;  ///< "mark", "soft", "good", "warn".
};

/// Inline SVG: one bar a span under each other, over one axis of time.
[[nodiscard]] std::string timeline_plot(const std::vector<TimeSpan>& spans);

}  // namespace millgate
