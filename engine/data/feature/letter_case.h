/// Small and capital letters of Unicode, one code point to one.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// Appends `text` (UTF-8) in small letters. Bytes that are not UTF-8 stay as they are. The same
/// mapping as DuckDB 1.5 (utf8proc): no locale, no letter becomes two ("ß" becomes "ẞ").
void append_lower_case(std::string_view text, std::string& out);
/// The same in capital letters.
void append_upper_case(std::string_view text, std::string& out);

}  // namespace millgate
