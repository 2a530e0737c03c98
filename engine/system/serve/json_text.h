/// JSON written straight into a string, for answers on the hot path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millgate {

/// `text` in quotes, escaped. It must be UTF-8.
void append_json_text(std::string& out, std::string_view text);
/// The shortest text that reads back as the same double; null for NaN and infinity.
void append_json_number(std::string& out, double value);
void append_json_integer(std::string& out, int64_t value);

}  // namespace millgate
