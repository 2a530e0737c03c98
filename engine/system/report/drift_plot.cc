#include "system/report/drift_plot.h"

#include <algorithm>
#include <cmath>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 220;
constexpr double kRight = 150;
constexpr double kTop = 34;
constexpr double kLine = 24;
/// A PSI beyond this is as far apart as can be; longer bars would squeeze the rest.
constexpr double kPsiShown = 1.0;

std::string class_of(const ColumnDrift& column) {
  if (column.verdict == "large") return "bad";
  return column.verdict == "small" ? "warn" : "soft";
}

}  // namespace

std::string drift_plot(const std::vector<ColumnDrift>& columns, size_t rows_max) {
  std::vector<const ColumnDrift*> shown;
  for (const ColumnDrift& column : columns) {
    if (column.verdict == "cannot know" || column.verdict == "too few rows") continue;
    if (shown.size() < rows_max) shown.push_back(&column);
  }
  if (shown.empty()) return {};
  double most = kPsiLarge * 1.4;
  for (const ColumnDrift* column : shown) {
    if (std::isfinite(column->drift.psi)) most = std::max(most, column->drift.psi);
  }
  most = std::min(most, kPsiShown);
  const double height = kTop + kLine * static_cast<double>(shown.size()) + 6;
  Drawing drawing(kWidth, height, "Drift of each column against the training rows");
  const Scale x{0, most, kLeft, kWidth - kRight};
  for (size_t at = 0; at < shown.size(); ++at) {
    const ColumnDrift& column = *shown[at];
    const double y = kTop + kLine * static_cast<double>(at);
    const double psi = std::isfinite(column.drift.psi) ? column.drift.psi : 0;
    drawing.text({0, y + 15}, column.name, column.verdict == "large" ? "strong" : "");
    drawing.rectangle({kLeft, y + 5}, std::max(x(std::min(psi, most)) - kLeft, 1.0), 14,
                      class_of(column), column.name + ": " + column.reason);
    drawing.text({kWidth - kRight + 12, y + 15}, figure_text(psi) + (psi > most ? " →" : ""),
                 "faint");
    drawing.text({kWidth, y + 15}, column.what + ", " + column.verdict, "faint", Anchor::end);
  }
  // The two bounds can lie close together: their words stand on the outer sides.
  drawing.line({x(kPsiSmall), kTop - 6}, {x(kPsiSmall), height - 6}, "guide");
  drawing.text({x(kPsiSmall), kTop - 12}, "small " + figure_text(kPsiSmall), "faint", Anchor::end);
  drawing.line({x(kPsiLarge), kTop - 6}, {x(kPsiLarge), height - 6}, "guide");
  drawing.text({x(kPsiLarge), kTop - 12}, "large " + figure_text(kPsiLarge), "faint");
  drawing.text({0, kTop - 12}, "psi against training", "faint");
  return drawing.svg();
}

}  // namespace millgate
