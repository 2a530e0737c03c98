/// The target of a request taken apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millgate {

/// Replaces %41 by A. What is no valid escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);
/// "/v2/models/a%20b?x=1" -> v2, models, "a b". Escapes that are none stay as they are.
[[nodiscard]] std::vector<std::string> path_parts(std::string_view target);
/// "...?a=1&b=x%20y" -> pairs; `+` is a space.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_pairs(std::string_view target);

}  // namespace millgate
