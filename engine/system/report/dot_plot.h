/// Values of groups side by side, each with its interval.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millgate {

/// One group.
struct DotRow {
  std::string label;
  double value = 0;
  std::optional<double> lower, upper;
  int64_t row_count = 0;
  bool is_bad = false;  ///< Drawn in the colour of a warning.
};

/// What the dots are compared with.
struct DotScale {
  std::string metric;    ///< Written over the axis.
  double reference = 0;  ///< A dashed line: the value over all rows.
};

/// Inline SVG: one line a group, in the order given; labels left, numbers right.
[[nodiscard]] std::string dot_plot(const std::vector<DotRow>& rows, const DotScale& scale);

}  // namespace millgate
