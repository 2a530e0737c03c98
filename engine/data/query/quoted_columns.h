/// Expressions over columns that SQL takes for its own words.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace millgate {

/// `expression` with the words that `is_column` in double quotes where SQL would read a keyword:
/// `left = 1` is no SQL, `"left" = 1` is. Texts, quoted names and comments stay as they are.
[[nodiscard]] std::string with_quoted_columns(
    const std::string& expression, const std::function<bool(const std::string& name)>& is_column);

}  // namespace millgate
