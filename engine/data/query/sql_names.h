/// Names of columns and tables in SQL that a person wrote.
#pragma once

#include <functional>
#include <string>

namespace millgate {

/// `expression` with the words that `is_column` in double quotes where SQL would read a keyword:
/// `left = 1` is no SQL, `"left" = 1` is. Texts, quoted names and comments stay as they are.
[[nodiscard]] std::string with_quoted_columns(
    const std::string& expression, const std::function<bool(const std::string& name)>& is_column);

/// Whether `sql` has `name` as a word or a quoted name; texts and comments do not count.
[[nodiscard]] bool has_name(const std::string& sql, const std::string& name);

}  // namespace millgate
