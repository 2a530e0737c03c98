#include "system/report/dot_plot.h"

#include <algorithm>
#include <cmath>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 190;
constexpr double kRight = 205;
constexpr double kTop = 34;
constexpr double kLine = 24;
constexpr size_t kLabelMax = 26;

Scale scale_of(const std::vector<DotRow>& rows, double reference) {
  double least = reference;
  double most = reference;
  for (const DotRow& row : rows) {
    least = std::min({least, row.value, row.lower.value_or(row.value)});
    most = std::max({most, row.value, row.upper.value_or(row.value)});
  }
  const double room = std::max((most - least) * 0.06, 1e-9);
  return {least - room, most + room, kLeft, kWidth - kRight};
}

/// Cuts between characters of UTF-8, never inside one.
std::string shortened(const std::string& label) {
  if (label.size() <= kLabelMax) return label;
  size_t end = kLabelMax - 1;
  while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0) == 0x80) --end;
  return label.substr(0, end) + "…";
}

std::string numbers_of(const DotRow& row) {
  std::string text = figure_text(row.value);
  if (row.lower && row.upper) {
    text += "  [" + figure_text(*row.lower) + ", " + figure_text(*row.upper) + "]";
  }
  return text;
}

void draw_axis(Drawing& drawing, const Scale& x, double height) {
  const double step = x.step(5);
  for (double at = std::ceil(x.from / step) * step; at <= x.to; at += step) {
    drawing.line({x(at), kTop - 6}, {x(at), height - 6}, "axis");
    drawing.text({x(at), kTop - 12}, figure_text(at), "faint", Anchor::middle);
  }
}

}  // namespace

std::string dot_plot(const std::vector<DotRow>& rows, const DotScale& scale) {
  const double height = kTop + kLine * static_cast<double>(rows.size()) + 6;
  Drawing drawing(kWidth, height, scale.metric + " by group, with 95 % intervals");
  const Scale x = scale_of(rows, scale.reference);
  draw_axis(drawing, x, height);
  drawing.text({0, kTop - 12}, scale.metric, "faint");
  drawing.text({kWidth, kTop - 12}, "rows", "faint", Anchor::end);
  drawing.line({x(scale.reference), kTop - 6}, {x(scale.reference), height - 6}, "guide");
  for (size_t at = 0; at < rows.size(); ++at) {
    const DotRow& row = rows[at];
    const double y = kTop + kLine * (static_cast<double>(at) + 0.5);
    drawing.text({0, y + 4}, shortened(row.label), row.is_bad ? "strong" : "");
    if (row.lower && row.upper) {
      drawing.line({x(*row.lower), y}, {x(*row.upper), y}, row.is_bad ? "badline" : "whisker");
    }
    drawing.circle({x(row.value), y}, 4.5, row.is_bad ? "bad" : "mark",
                   row.label + ": " + numbers_of(row) + ", " + count_of(row.row_count, "row"));
    drawing.text({kWidth - kRight + 14, y + 4}, numbers_of(row), "faint");
    drawing.text({kWidth, y + 4}, count_text(row.row_count), "faint", Anchor::end);
  }
  return drawing.svg();
}

}  // namespace millgate
