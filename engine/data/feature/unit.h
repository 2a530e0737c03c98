/// Units of measure: `mile`, `celsius`, `kilometre/hour`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"

namespace millgate {

/// value in the base units of its dimensions = factor * value + offset. The factors are exact by
/// definition: NIST Special Publication 811, appendix B.8.
struct Unit {
  std::string text;                       ///< As written.
  std::map<std::string, int> dimensions;  ///< "length" to its power, 0 left out.
  double factor = 1.0;
  double offset = 0.0;

  /// The same dimensions: one can be converted into the other.
  [[nodiscard]] bool is_comparable(const Unit& other) const {
    return dimensions == other.dimensions;
  }
  /// The same quantity under whatever name.
  [[nodiscard]] bool is_same(const Unit& other) const;
};

/// Names joined by `*`, `/` and `^`: "mile", "metre/second", "metre^2". Every name after a `/`
/// divides. Errors: `invalid_input` with the nearest name.
[[nodiscard]] Result<Unit> parse_unit(std::string_view text);
[[nodiscard]] std::vector<std::string> unit_names();

/// The unit of a * b, or with `power` -1 of a / b. Units with an offset have no products.
[[nodiscard]] Unit product_of(const Unit& a, const Unit& b, int power);

}  // namespace millgate
