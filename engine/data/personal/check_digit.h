/// Check digits: how a number says that nobody mistyped it. Pure functions of digits ("0" to "9");
/// other characters make them false.
#pragma once

#include <string_view>

namespace millgate {

/// ISO/IEC 7812-1, annex B: the formula of Luhn, of payment cards and others.
[[nodiscard]] bool passes_luhn(std::string_view digits);
/// ISO 7064, MOD 11,10.
[[nodiscard]] bool passes_mod_11_10(std::string_view digits);
/// Verhoeff 1969: the dihedral group of ten elements.
[[nodiscard]] bool passes_verhoeff(std::string_view digits);
/// The remainder of a number of any length; -1 when it is none.
[[nodiscard]] int remainder_of(std::string_view digits, int divisor);
/// The sum of digit times weight, from the first; there are as many weights as digits.
[[nodiscard]] int weighted_sum(std::string_view digits, std::string_view weights);

}  // namespace millgate
