/// Numbers that a state gives to a person.
#pragma once

#include <span>
#include <string_view>

namespace millgate {

struct NationalNumber {
  std::string_view name;  ///< "national number of Spain (DNI, NIE)".
  /// The share of made-up texts of the same shape that pass.
  double chance;
  /// The whole value, with or without the separators that people write.
  bool (*matches)(std::string_view value);
};

/// All that are known here. The rules are those that the issuing offices publish.
[[nodiscard]] std::span<const NationalNumber> national_numbers();

}  // namespace millgate
