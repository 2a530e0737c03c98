#include "system/report/column_plot.h"

#include <algorithm>
#include <cmath>

#include "ground/clock.h"
#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kPlotWidth = 220;
constexpr double kPlotHeight = 48;

std::string value_words(const ColumnProfile& column, double value) {
  if (column.column().kind == ColumnKind::time) {
    return time_text(Time{static_cast<int64_t>(value)});
  }
  // Four digits stay together: they may be a year.
  if (column.column().is_integer && std::abs(value) < 10'000 && value == std::trunc(value)) {
    return std::to_string(static_cast<int64_t>(value));
  }
  return figure_text(value);
}

/// Bars of one width from the least to the largest value.
std::string histogram_plot(const ColumnProfile& column) {
  const std::vector<double> bins = column.histogram();
  const std::vector<double> edges = column.histogram_edges();
  if (bins.empty()) return {};
  const double most = *std::max_element(bins.begin(), bins.end());
  const double width = kPlotWidth / static_cast<double>(bins.size());
  Drawing drawing(kPlotWidth, kPlotHeight, "distribution of " + column.column().name);
  for (size_t i = 0; i < bins.size(); ++i) {
    const auto place = static_cast<double>(i);
    // A bin that holds something shows, however little that is.
    const double height = bins[i] == 0 ? 0 : std::max(1.0, bins[i] / most * (kPlotHeight - 2));
    drawing.rectangle({place * width, kPlotHeight - height}, width - 1, height, "mark",
                      value_words(column, edges[i]) + " to " + value_words(column, edges[i + 1]) +
                          ": " + count_of(static_cast<int64_t>(std::llround(bins[i])), "row"));
  }
  drawing.line({0, kPlotHeight}, {kPlotWidth, kPlotHeight}, "axis");
  return drawing.svg();
}

/// One bar a frequent text, its name on it.
std::string frequency_plot(const ColumnProfile& column) {
  constexpr size_t kBars = 4;
  constexpr double kBarHeight = 15;
  constexpr double kShareWidth = 44;  ///< On the right, for the figures.
  const auto frequent = column.most_frequent(kBars);
  if (frequent.empty()) return {};
  Drawing drawing(kPlotWidth, kBarHeight * static_cast<double>(frequent.size()),
                  "most frequent values of " + column.column().name);
  const auto most = static_cast<double>(frequent.front().second);
  for (size_t i = 0; i < frequent.size(); ++i) {
    const auto& [value, count] = frequent[i];
    const double y = kBarHeight * static_cast<double>(i);
    const double share = static_cast<double>(count) / static_cast<double>(column.value_count());
    drawing.rectangle({0, y + 1},
                      std::max(1.0, static_cast<double>(count) / most * (kPlotWidth - kShareWidth)),
                      kBarHeight - 2, "soft", value + ": " + count_of(count, "row"));
    constexpr size_t kLettersMax = 24;
    const std::string shown =
        value.size() > kLettersMax ? value.substr(0, kLettersMax) + "..." : value;
    drawing.text({4, y + 11.5}, shown.empty() ? "(empty)" : shown);
    drawing.text({kPlotWidth - 2, y + 11.5}, percent_text(share), "faint", Anchor::end);
  }
  return drawing.svg();
}

}  // namespace

std::string column_plot(const ColumnProfile& column) {
  return column.is_text() ? frequency_plot(column) : histogram_plot(column);
}

std::string column_words(const ColumnProfile& column) {
  if (column.value_count() == 0) return "no value";
  std::string words;
  if (column.is_text()) {
    words = "length " + count_text(column.length_min()) + " to " + count_text(column.length_max());
    const auto patterns = column.patterns(2);
    for (const auto& [pattern, count] : patterns) {
      words += (pattern == patterns.front().first ? "; looks like " : ", ") +
               std::string("\u201c") + pattern + "\u201d " +
               percent_text(static_cast<double>(count) / static_cast<double>(column.value_count()));
    }
    return words;
  }
  const auto q = column.quantiles({0.05, 0.5, 0.95});
  words = value_words(column, column.minimum()) + " to " + value_words(column, column.maximum()) +
          "; 5 %, median, 95 %: " + value_words(column, q[0]) + ", " + value_words(column, q[1]) +
          ", " + value_words(column, q[2]);
  if (column.column().kind == ColumnKind::number) {
    words += "; mean " + figure_text(column.mean()) + ", deviation " +
             figure_text(column.standard_deviation());
  }
  if (!column.exact()) {
    words += " (ranks within " + percent_text(column.rank_error()) + ")";
  }
  return words;
}

}  // namespace millgate
