#include "system/report/incident_plot.h"

#include <algorithm>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 52;
constexpr double kRight = 10;
constexpr double kTop = 40;
constexpr double kBars = 120;
constexpr double kBottom = 26;

/// A moment with its name above the bars; `row` keeps names that are near apart.
void draw_moment(Drawing& drawing, const Scale& x, Time time, const std::string& name, int row,
                 const char* css_class) {
  const double at = x(static_cast<double>(time.micros));
  if (at < kLeft || at > kWidth - kRight) return;
  const double top = kTop - 14 + 13 * (row - 1);
  drawing.line({at, top + 3}, {at, kTop + kBars}, css_class);
  const bool is_right = at > kWidth * 0.7;
  drawing.text({is_right ? at - 4 : at + 4, top + 8}, name, "strong",
               is_right ? Anchor::end : Anchor::start);
}

void draw_bars(Drawing& drawing, const IncidentReport& report, const Scale& x, const Scale& y) {
  for (const ServedStretch& one : report.stretches) {
    const double from = x(static_cast<double>(one.from.micros));
    const double to = x(static_cast<double>(one.from.micros + report.stretch_micros));
    const std::string title = time_text(one.from) + ": " + count_of(one.served, "prediction") +
                              ", " + count_text(one.affected) + " affected";
    const auto bar = [&](int64_t count, const char* css_class) {
      const double top = y(static_cast<double>(count));
      drawing.rectangle({from + 0.5, top}, std::max(to - from - 1, 0.8), y.start - top, css_class,
                        title);
    };
    bar(one.served, "soft");
    if (one.affected > 0) bar(one.affected, "bad");
  }
}

}  // namespace

std::string incident_plot(const IncidentReport& report) {
  if (report.stretches.empty()) return {};
  int64_t most = 1;
  for (const ServedStretch& one : report.stretches) most = std::max(most, one.served);
  const double height = kTop + kBars + kBottom;
  Drawing drawing(kWidth, height, "Predictions over time, and how many the incident touches");
  const int64_t first = report.stretches.front().from.micros;
  const int64_t last = report.stretches.back().from.micros + report.stretch_micros;
  const Scale x{static_cast<double>(first), static_cast<double>(last), kLeft, kWidth - kRight};
  const Scale y{0, static_cast<double>(most), kTop + kBars, kTop};
  const double step = y.step(3);
  for (double at = step; at <= y.to; at += step) {
    drawing.line({kLeft, y(at)}, {kWidth - kRight, y(at)}, "axis");
    drawing.text({kLeft - 8, y(at) + 4}, figure_text(at), "faint", Anchor::end);
  }
  draw_bars(drawing, report, x, y);
  drawing.line({kLeft, y.start}, {kWidth - kRight, y.start}, "axis");
  draw_moment(drawing, x, report.incident.since(), "it begins", 0, "guide");
  Time noticed = report.incident.alarm().recorded;
  for (const Alarm& alarm : report.incident.alarms) noticed = std::min(noticed, alarm.recorded);
  draw_moment(drawing, x, noticed, "noticed", 1, "guide");
  if (report.incident.state == AlarmState::resolved) {
    draw_moment(drawing, x, report.until, "resolved", 0, "guide");
  }
  constexpr int kTicks = 4;
  for (int tick = 0; tick <= kTicks; ++tick) {
    const int64_t micros = first + (last - first) / kTicks * tick;
    drawing.text({x(static_cast<double>(micros)), y.start + 18},
                 to_string(Time{micros}).substr(0, 10), "faint",
                 tick == 0        ? Anchor::start
                 : tick == kTicks ? Anchor::end
                                  : Anchor::middle);
  }
  return drawing.svg();
}

}  // namespace millgate
