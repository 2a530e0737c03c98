#include "system/report/window_plot.h"

#include <algorithm>
#include <cmath>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 64;
constexpr double kRight = 14;
constexpr double kTop = 26;
constexpr double kQuality = 170;  ///< Height of the upper part.
constexpr double kGap = 30;
constexpr double kRows = 54;  ///< Height of the lower part.
constexpr double kBottom = 26;

const Evidence* find(const MonitorWindow& window, const std::string& metric) {
  for (const Evidence& one : window.evidence) {
    if (one.metric == metric && one.slice.empty()) return &one;
  }
  return nullptr;
}

/// What is expected of a window that lacks labels; null where it has them, or nobody can know.
const ExpectedMetric* expected(const MonitorWindow& window, const std::string& metric) {
  if (!window.expected || window.maturity >= kMatureShare) return nullptr;
  for (const ExpectedMetric& one : window.expected->metrics) {
    if (one.metric == metric) return &one;
  }
  return nullptr;
}

Scale quality_scale(const std::vector<MonitorWindow>& windows, const std::string& metric,
                    const std::optional<Evidence>& tested) {
  double least = tested ? tested->value : 1e300;
  double most = tested ? tested->value : -1e300;
  for (const MonitorWindow& window : windows) {
    if (const ExpectedMetric* one = expected(window, metric)) {
      least = std::min(least, one->lower);
      most = std::max(most, one->upper);
    }
    const Evidence* one = find(window, metric);
    if (one == nullptr) continue;
    least = std::min({least, one->value, one->lower.value_or(one->value)});
    most = std::max({most, one->value, one->upper.value_or(one->value)});
  }
  if (least > most) return {0, 1, kTop + kQuality, kTop};
  const double room = std::max((most - least) * 0.08, 1e-6);
  return {least - room, most + room, kTop + kQuality, kTop};
}

void draw_axis(Drawing& drawing, const Scale& y) {
  const double step = y.step(4);
  for (double at = std::ceil(y.from / step) * step; at <= y.to; at += step) {
    drawing.line({kLeft, y(at)}, {kWidth - kRight, y(at)}, "axis");
    drawing.text({kLeft - 8, y(at) + 4}, figure_text(at), "faint", Anchor::end);
  }
}

void draw_quality(Drawing& drawing, const std::vector<MonitorWindow>& windows,
                  const std::string& metric, const Scale& y, double width) {
  std::string path;
  bool pen_down = false;
  for (size_t at = 0; at < windows.size(); ++at) {
    const double x = kLeft + width * (static_cast<double>(at) + 0.5);
    const Evidence* one = find(windows[at], metric);
    if (one == nullptr) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? "L" : "M") + coordinate(x) + " " + coordinate(y(one->value));
    pen_down = true;
    if (one->lower && one->upper) {
      drawing.line({x, y(*one->lower)}, {x, y(*one->upper)}, "whisker");
    }
    drawing.circle({x, y(one->value)}, 4, "mark",
                   time_text(windows[at].from) + ": " + metric + " " + figure_text(one->value) +
                       ", " + count_of(one->row_count, "labelled row"));
  }
  drawing.path(path, "line");
}

/// Paler than what was measured, and beside it where there is both.
void draw_expected(Drawing& drawing, const std::vector<MonitorWindow>& windows,
                   const std::string& metric, const Scale& y, double width) {
  for (size_t at = 0; at < windows.size(); ++at) {
    const ExpectedMetric* one = expected(windows[at], metric);
    if (one == nullptr) continue;
    const double x = kLeft + width * (static_cast<double>(at) + 0.7);
    drawing.line({x, y(one->lower)}, {x, y(one->upper)}, "guide");
    drawing.circle({x, y(one->value)}, 4, "soft",
                   time_text(windows[at].from) + ": " + metric + " expected " +
                       figure_text(one->value) + " (" + figure_text(one->lower) + " to " +
                       figure_text(one->upper) + "), " + to_string(windows[at].expected->state));
  }
}

bool expects_any(const std::vector<MonitorWindow>& windows, const std::string& metric) {
  return std::any_of(windows.begin(), windows.end(), [&](const MonitorWindow& window) {
    return expected(window, metric) != nullptr;
  });
}

void draw_rows(Drawing& drawing, const std::vector<MonitorWindow>& windows, double width) {
  int64_t most = 1;
  for (const MonitorWindow& window : windows) most = std::max(most, window.row_count);
  const double bottom = kTop + kQuality + kGap + kRows;
  const double per_row = kRows / static_cast<double>(most);
  const size_t every = (windows.size() + 7) / 8;
  for (size_t at = 0; at < windows.size(); ++at) {
    const MonitorWindow& window = windows[at];
    const double x = kLeft + width * static_cast<double>(at);
    const double bar = std::max(width * 0.7, 1.0);
    const double all = per_row * static_cast<double>(window.row_count);
    const double labelled = per_row * static_cast<double>(window.labelled_count);
    const std::string title = time_text(window.from) + ": " + count_of(window.row_count, "row") +
                              ", " + count_text(window.labelled_count) + " labelled";
    drawing.rectangle({x + (width - bar) / 2, bottom - all}, bar, all, "soft", title);
    drawing.rectangle({x + (width - bar) / 2, bottom - labelled}, bar, labelled, "mark", title);
    if (at % every == 0) {
      drawing.text({x + width / 2, bottom + 18}, to_string(window.from).substr(5, 5), "faint",
                   Anchor::middle);
    }
  }
  drawing.line({kLeft, bottom}, {kWidth - kRight, bottom}, "axis");
  drawing.text({kLeft - 8, bottom - kRows + 8}, count_text(most), "faint", Anchor::end);
  drawing.text({kLeft - 8, bottom}, "rows", "faint", Anchor::end);
}

}  // namespace

std::string window_plot(const std::vector<MonitorWindow>& windows, const std::string& metric,
                        const std::optional<Evidence>& tested) {
  if (windows.empty()) return {};
  Drawing drawing(kWidth, kTop + kQuality + kGap + kRows + kBottom, metric + " by window");
  const Scale y = quality_scale(windows, metric, tested);
  const double width = (kWidth - kLeft - kRight) / static_cast<double>(windows.size());
  draw_axis(drawing, y);
  drawing.text(
      {0, 12},
      metric + " on served rows" +
          (expects_any(windows, metric) ? "; pale: expected where labels are missing" : ""),
      "faint");
  if (tested) {
    drawing.line({kLeft, y(tested->value)}, {kWidth - kRight, y(tested->value)}, "guide");
    drawing.text({kWidth - kRight, y(tested->value) - 5},
                 "in the test " + figure_text(tested->value), "faint", Anchor::end);
  }
  draw_expected(drawing, windows, metric, y, width);
  draw_quality(drawing, windows, metric, y, width);
  draw_rows(drawing, windows, width);
  return drawing.svg();
}

}  // namespace millgate
