/// How the server's own pages begin.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// HTML up to the opened `style`: nothing is loaded from elsewhere. `title` is text without markup.
[[nodiscard]] std::string page_head(std::string_view title);

}  // namespace millgate
