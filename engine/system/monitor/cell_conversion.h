/// Names the change of unit between pairs of cells that should be equal.
#pragma once

#include <span>
#include <string>

namespace millgate {

/// The known conversion of units (measure/unit_conversion.h) that explains at least 95 % of the
/// pairs in which the two differ, as "miles sent as kilometres (x 1.609)"; else one factor,
/// "a constant factor (x 2.5)"; else "". A pair is explained when it is off by at most 0.1 %, or
/// by the rounding to a whole number. Fewer than 5 differing pairs explain nothing.
[[nodiscard]] std::string name_conversion(std::span<const double> stored,
                                          std::span<const double> sent);

}  // namespace millgate
