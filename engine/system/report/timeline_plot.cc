#include "system/report/timeline_plot.h"

#include <algorithm>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 110;
constexpr double kRight = 130;
constexpr double kLine = 30;
constexpr double kTop = 8;

std::string day_text(Time time) { return to_string(time).substr(0, 10); }

}  // namespace

std::string timeline_plot(const std::vector<TimeSpan>& spans) {
  if (spans.empty()) return {};
  Time first = spans.front().from;
  Time last = spans.front().to;
  for (const TimeSpan& span : spans) {
    first = std::min(first, span.from);
    last = std::max(last, span.to);
  }
  const double height = kTop + kLine * static_cast<double>(spans.size()) + 30;
  Drawing drawing(kWidth, height, "When the rows happened that trained and tested the model");
  const Scale x{static_cast<double>(first.micros), static_cast<double>(last.micros), kLeft,
                kWidth - kRight};
  const double bottom = height - 24;
  drawing.line({x.start, bottom}, {x.end, bottom}, "axis");
  for (size_t at = 0; at < spans.size(); ++at) {
    const TimeSpan& span = spans[at];
    const double y = kTop + kLine * static_cast<double>(at);
    const double from = x(static_cast<double>(span.from.micros));
    const double to = x(static_cast<double>(span.to.micros));
    drawing.line({from, y}, {from, bottom}, "axis");
    drawing.rectangle(
        {from, y + 5}, std::max(to - from, 2.0), 16, span.css_class,
        span.label + ": " + time_text(span.from) + " to " + time_text(span.to) + ", " + span.note);
    drawing.text({0, y + 17}, span.label, "strong");
    drawing.text({kWidth, y + 17}, span.note, "faint", Anchor::end);
  }
  constexpr int kTicks = 4;
  for (int tick = 0; tick <= kTicks; ++tick) {
    const int64_t micros = first.micros + (last.micros - first.micros) / kTicks * tick;
    const double at = x(static_cast<double>(micros));
    drawing.line({at, bottom}, {at, bottom + 4}, "axis");
    drawing.text({at, bottom + 18}, day_text(Time{micros}), "faint",
                 tick == 0        ? Anchor::start
                 : tick == kTicks ? Anchor::end
                                  : Anchor::middle);
  }
  return drawing.svg();
}

}  // namespace millgate
