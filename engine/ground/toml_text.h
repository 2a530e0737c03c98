/// Texts in a settings file that is written.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// `text` as a TOML string, in double quotes.
[[nodiscard]] std::string toml_text(std::string_view text);

}  // namespace millgate
