/// A small picture of the values that one feature had in training.
#pragma once

#include <string>

#include "model/measure/distribution.h"

namespace millgate {

/// Inline SVG for a cell of a table. Numbers: a line from the 1 % to the 99 % quantile, thick
/// from 25 % to 75 %, a dot at the median. Categories: the shares of the most frequent, as one
/// divided bar. "" when there was no value.
[[nodiscard]] std::string range_strip(const Profile& profile);

/// The same in words: "94 … 872 … 2,586 (1 %, median, 99 %)" or "UA 17 %, B6 16 %, 14 more".
[[nodiscard]] std::string range_words(const Profile& profile);

/// A bar of length `share` (0 to 1) for a cell of a table.
[[nodiscard]] std::string share_bar(double share);

}  // namespace millgate
