#include "system/report/calibration_plot.h"

#include <algorithm>
#include <cmath>

#include "system/monitor/wording.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kWidth = 420;
constexpr double kHeight = 380;
constexpr double kLeft = 52;
constexpr double kRight = 14;
constexpr double kTop = 14;
constexpr double kBottom = 46;

double largest(const std::vector<CalibrationBin>& bins) {
  double most = 0.1;
  for (const CalibrationBin& bin : bins) {
    const ShareInterval interval =
        wilson_interval(bin.share_positive, static_cast<double>(bin.row_count));
    most = std::max({most, bin.mean_prediction, interval.upper});
  }
  return std::min(1.0, std::ceil(most * 10 + 0.2) / 10);
}

void draw_axes(Drawing& drawing, const Scale& x, const Scale& y) {
  const double step = x.step(5);
  for (double at = 0; at <= x.to + step / 1000; at += step) {
    drawing.line({x(0), y(at)}, {x(x.to), y(at)}, "axis");
    drawing.text({x(0) - 8, y(at) + 4}, percent_text(at), "faint", Anchor::end);
    drawing.text({x(at), kHeight - kBottom + 18}, percent_text(at), "faint", Anchor::middle);
  }
  drawing.text({(x(0) + x(x.to)) / 2, kHeight - 8}, "predicted probability", "faint",
               Anchor::middle);
  drawing.text({x(0) + 8, kTop + 12}, "share that really happened", "faint");
}

}  // namespace

ShareInterval wilson_interval(double share, double rows) {
  if (rows <= 0) return {};
  constexpr double kZ = 1.959963984540054;
  const double z2 = kZ * kZ;
  const double middle = (share + z2 / (2 * rows)) / (1 + z2 / rows);
  const double half =
      kZ / (1 + z2 / rows) * std::sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

std::string calibration_plot(const std::vector<CalibrationBin>& bins) {
  Drawing drawing(kWidth, kHeight,
                  "Calibration: predicted probability against the share that happened");
  const double end = largest(bins);
  const Scale x{0, end, kLeft, kWidth - kRight};
  const Scale y{0, end, kHeight - kBottom, kTop};
  draw_axes(drawing, x, y);
  drawing.line({x(0), y(0)}, {x(end), y(end)}, "guide");
  drawing.text({x(end) - 6, y(end) + 34}, "perfect", "faint", Anchor::end);
  for (const CalibrationBin& bin : bins) {
    const auto rows = static_cast<double>(bin.row_count);
    const ShareInterval interval = wilson_interval(bin.share_positive, rows);
    drawing.line({x(bin.mean_prediction), y(interval.lower)},
                 {x(bin.mean_prediction), y(interval.upper)}, "whisker");
    drawing.circle({x(bin.mean_prediction), y(bin.share_positive)}, 4.5, "mark",
                   "predicted " + percent_text(bin.mean_prediction) + ", happened " +
                       percent_text(bin.share_positive) + " of " + count_of(bin.row_count, "row"));
  }
  return drawing.svg();
}

}  // namespace millgate
