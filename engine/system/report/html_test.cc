#include "system/report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Html, EveryCharacterThatMeansSomethingIsEscaped) {
  EXPECT_EQ(escape_html("<script>alert(\"1\" + '2') & more</script>"),
            "&lt;script&gt;alert(&quot;1&quot; + &#39;2&#39;) &amp; more&lt;/script&gt;");
  EXPECT_EQ(escape_html("&lt;"), "&amp;lt;") << "what is escaped already is a text too";
  EXPECT_EQ(escape_html("Bjørn 🙂"), "Bjørn 🙂");
  EXPECT_EQ(escape_html(std::string_view("a\0b\x1b\x7f\t\n", 7)), "a&#xFFFD;b&#xFFFD;&#xFFFD;\t\n");
  EXPECT_EQ(escape_html(""), "");
}

TEST(Html, NoTextGetsOutOfAnElementOrAnAttribute) {
  EXPECT_EQ(element("b", "</b><i>"), "<b>&lt;/b&gt;&lt;i&gt;</b>");
  EXPECT_EQ(element("b", "x", "a\" onclick=\"y"), "<b class=\"a&quot; onclick=&quot;y\">x</b>");
  const std::string page = html_page("</title><script>", "<p>body</p>");
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("<title>&lt;/title&gt;&lt;script&gt;</title>"));
  EXPECT_THAT(page, HasSubstr("<p>body</p>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

}  // namespace
}  // namespace millgate
