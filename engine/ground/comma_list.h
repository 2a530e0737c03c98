/// Several words in one sentence.
#pragma once

#include <string>
#include <vector>

namespace millgate {

/// "a, b".
[[nodiscard]] std::string comma_list(const std::vector<std::string>& words);

}  // namespace millgate
