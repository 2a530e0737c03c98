/// "Did you mean": the nearest valid name for a wrong one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millgate {

/// The entry of `valid` with the smallest edit distance (Damerau-Levenshtein, restricted),
/// if it is close enough to be a slip: at most a third of the longer length, rounded up, and
/// not every letter wrong. The first of equals wins.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view wrong,
                                                      std::span<const std::string> valid);

/// A hint: "did you mean `x`?", or else "valid names: a, b, c" (at most twelve, then
/// "and 3 more"). Empty when nothing is valid.
[[nodiscard]] std::string name_hint(std::string_view wrong, std::span<const std::string> valid);

}  // namespace millgate
