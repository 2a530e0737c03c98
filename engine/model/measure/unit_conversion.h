/// Finds out that numbers arrive in another unit than before.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millgate {

/// current = factor * reference + offset.
struct UnitConversion {
  std::string_view text;  ///< "miles sent as kilometres".
  double factor = 1;
  double offset = 0;
};

/// Every conversion that is looked for, both ways.
[[nodiscard]] std::span<const UnitConversion> unit_conversions();

/// Quantiles of one column in two samples, and how many values they are from.
struct QuantilePair {
  std::span<const double> reference;  ///< 101 ascending values.
  std::span<const double> current;    ///< 101 ascending values.
  double value_count_min = 0;         ///< Of the smaller sample.
};

/// The known conversion on whose line the matching quantiles of the two samples lie, if any.
///
/// Looks at the quantiles from 5 % to 95 %. A residual is the mean distance of the current
/// quantiles from a line, as a share of their own spread. A conversion is suspected only if
/// - its residual is below 5 %, and below a sixth of that of "nothing changed",
/// - "nothing changed" is off by more than 10 %, and by more than 2 / sqrt(value_count_min), so
///   that neither chance nor a season looks like a unit; for a factor within a quarter of 1
///   (knots and miles per hour, Kelvin) by more than the whole spread,
/// - the slope of a line fitted robustly (Theil and Sen) is within a tenth of its factor.
/// Of several, the one with the least residual. A change of scale that happens to be that of two
/// units cannot be told from them: this is a suspicion, not a proof. Nothing for fewer than 30
/// values, or when nine tenths of a sample are one value.
[[nodiscard]] std::optional<UnitConversion> suspect_unit(const QuantilePair& quantiles);

/// "values look like miles sent as kilometres (x 1.609)".
[[nodiscard]] std::string describe(const UnitConversion& conversion);

}  // namespace millgate
