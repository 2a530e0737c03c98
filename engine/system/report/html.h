/// Text as HTML: everything from outside is escaped here.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// `text` with & < > " ' replaced, safe inside elements and quoted attributes. Control
/// characters other than tab and line feed, which HTML forbids, become U+FFFD.
[[nodiscard]] std::string escape_html(std::string_view text);

/// `<tag class="name">text</tag>` with `text` escaped.
[[nodiscard]] std::string element(std::string_view tag, std::string_view text,
                                  std::string_view css_class = {});

/// `words`, escaped, with what stands between two backticks as code.
[[nodiscard]] std::string with_code(const std::string& words);

/// A whole page: doctype, character set, the style of all reports, `body` as it is.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body);

}  // namespace millgate
