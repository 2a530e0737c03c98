/// Bytes as text of letters, digits, `+` and `/`: RFC 4648, with padding.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace millgate
