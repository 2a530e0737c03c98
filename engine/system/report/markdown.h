/// Text as Markdown: everything from outside is escaped here.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// `text` on one line, with nothing in it that Markdown or HTML would take for markup.
[[nodiscard]] std::string escape_markdown(std::string_view text);

/// A page of html_page as Markdown, for GitHub, GitLab and Hugging Face: headings, paragraphs,
/// lists, terms, tables and code. Links to sources become footnotes; drawings, tooltips and the
/// contents are left out, so what a drawing shows must stand in a table as well.
[[nodiscard]] std::string page_markdown(std::string_view page);

}  // namespace millgate
