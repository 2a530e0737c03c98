#include "system/report/markdown.h"

#include <gmock/gmock.h>

#include "system/report/html.h"

namespace millgate {
namespace {

std::string markdown_of(const std::string& body) { return page_markdown(html_page("t", body)); }

TEST(PageMarkdown, BlocksAndMarks) {
  EXPECT_EQ(markdown_of("<header><div class=\"kind\">Card</div><h1>a &amp; b</h1>"
                        "<p>x<sup><a href=\"#source-2\">2</a></sup> <b>y</b> <code>a*b</code></p>"
                        "</header><ul>\n<li>one</li>\n<li>t_wo</li>\n</ul><h2 id=\"q\">Q</h2>"),
            "# Card: a &amp; b\n\nx[^2] **y** `a*b`\n\n- one\n- t\\_wo\n\n## Q\n");
  EXPECT_EQ(markdown_of("<dl><dt>Rows</dt><dd>3</dd>\n<dt>By</dt><dd>Ada</dd></dl>"),
            "- **Rows**: 3\n- **By**: Ada\n");
  EXPECT_EQ(markdown_of("<ol><li id=\"source-1\" value=\"1\"><b>The run:</b> event 5</li></ol>"),
            "[^1]: **The run:** event 5\n");
  EXPECT_EQ(markdown_of("<pre>a &lt; b\n\n  c`</pre>"), "\n````\na < b\n\n  c`\n````\n");
}

TEST(PageMarkdown, TablesWithoutDrawings) {
  EXPECT_EQ(
      markdown_of("<table><caption>What</caption><tr><th>a</th><th>drawn</th><th class=\"n\"></th>"
                  "</tr>\n<tr><td><b>x|y</b><br><code>p|q</code></td><td><svg><text>5</text></svg>"
                  "</td><td class=\"n\">7 %</td></tr></table>"),
      "What\n\n| a | drawn |\n|---|---:|\n| **x\\|y**; `p'q` | 7 % |\n");
}

TEST(PageMarkdown, TilesAreAList) {
  EXPECT_EQ(markdown_of("<div class=\"tiles\">\n<div class=\"tile\"><div class=\"label\">AUC</div>"
                        "<div class=\"figure\">0.7</div><div class=\"range\">158 rows</div></div>\n"
                        "<div class=\"tile\"><div class=\"label\">F</div><div class=\"figure\">1"
                        "</div></div></div><p>z</p>"),
            "- AUC: 0.7 158 rows\n- F: 1\n\nz\n");
}

TEST(PageMarkdown, NothingOfPeopleBecomesMarkup) {
  const std::string text = escape_markdown("<b>*x* [y](z) | `a`\n# h");
  EXPECT_EQ(text, "&lt;b\\>\\*x\\* \\[y\\](z) \\| \\`a\\` \\# h");
}

}  // namespace
}  // namespace millgate
