/// Several words in one sentence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace millgate {

/// "a, b".
[[nodiscard]] std::string comma_list(const std::vector<std::string>& words);

/// The same of at most `shown_max` words: "a, b and 3 more".
[[nodiscard]] std::string brief_list(const std::vector<std::string>& words, size_t shown_max = 8);

}  // namespace millgate
