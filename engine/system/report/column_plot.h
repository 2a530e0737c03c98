/// What a column holds, as a small plot and in words.
#pragma once

#include <string>

#include "data/check/column_profile.h"

namespace millgate {

/// Inline SVG, 220 units wide: a histogram of numbers and times, bars of the most frequent texts.
/// Empty when there is nothing to draw.
[[nodiscard]] std::string column_plot(const ColumnProfile& column);

/// "0 to 12; 5 %, median, 95 %: 1, 4, 9; mean 4.1, deviation 2", or lengths and patterns of texts.
[[nodiscard]] std::string column_words(const ColumnProfile& column);

}  // namespace millgate
