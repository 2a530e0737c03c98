#include "ground/source_text.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

TEST(SourceText, DrawsTheLineWithCarets) {
  const SourceText source("a.toml", "one\nmetric = \"x\"\n\tkey = 1\n\xc3\xa9 = 2\r\n");
  EXPECT_EQ(source.excerpt({2, 10}, {2, 13}), "2 | metric = \"x\"\n  |          ^^^");
  EXPECT_EQ(source.excerpt({3, 2}, {3, 5}), "3 | \tkey = 1\n  | \t^^^");
  EXPECT_EQ(source.excerpt({4, 5}, {4, 6}), "4 | \xc3\xa9 = 2\n  |     ^");
  EXPECT_EQ(source.excerpt({2, 10}, {3, 2}), "2 | metric = \"x\"\n  |          ^^^");
  EXPECT_EQ(source.excerpt({1, 4}, {1, 5}), "1 | one\n  |    ^");
  EXPECT_EQ(source.excerpt({1, 6}, {1, 6}), "1 | one\n  |      ^");
  EXPECT_EQ(source.excerpt({0, 0}, {0, 0}), "");
  EXPECT_EQ(source.excerpt({9, 1}, {9, 2}), "");
  const SourceText longer("a", std::string(9, '\n') + "ten");
  EXPECT_EQ(longer.excerpt({10, 1}, {10, 4}), "10 | ten\n   | ^^^");
}

TEST(SourceText, NamesThePlace) {
  const SourceText source("a.toml", "x");
  EXPECT_EQ(source.where({7, 10}), "a.toml:7:10");
  EXPECT_EQ(source.where({}), "a.toml");
}

void expect_inside(const std::string& text, size_t offset, uint32_t line, uint32_t column) {
  const Place place = SourceText("a", text).inside_string({1, 5}, offset);
  EXPECT_EQ(place.line, line) << text << " at " << offset;
  EXPECT_EQ(place.column, column) << text << " at " << offset;
}

TEST(SourceText, FindsBytesInsideStrings) {
  expect_inside(R"(x = "abc")", 0, 1, 6);
  expect_inside(R"(x = "abc")", 2, 1, 8);
  expect_inside(R"(x = 'a\nc')", 2, 1, 8);       // Literal: a backslash is one.
  expect_inside(R"(x = "a\nc")", 2, 1, 9);       // An escape means one byte.
  expect_inside(R"(x = "\u00e9c")", 2, 1, 12);   // This one two.
  expect_inside("x = \"\xc3\xa9 c\"", 3, 1, 8);  // Two bytes, one column.
  expect_inside("x = '''\nab\ncd'''", 0, 2, 1);  // The first line feed is not meant.
  expect_inside("x = '''\nab\ncd'''", 4, 3, 2);
  expect_inside("x = \"\"\"a \\\n   b\"\"\"", 2, 2, 4);  // Nor is a line's end behind a backslash.
  expect_inside("x = 3", 2, 1, 5);                       // Not a string: its start.
}

TEST(SourceText, FindsTheFirstByteThatIsNotUtf8) {
  const auto invalid = [](const std::string& text) {
    const Place place = SourceText("a", text).first_invalid_utf8();
    return std::pair(place.line, place.column);
  };
  using At = std::pair<uint32_t, uint32_t>;
  EXPECT_EQ(invalid("abc\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"), At(0, 0));
  EXPECT_EQ(invalid("abc\nd\xff"), At(2, 2));
  EXPECT_EQ(invalid("\xc3"), At(1, 1));       // Cut off.
  EXPECT_EQ(invalid("a\xc0\x80"), At(1, 2));  // Longer than needed.
  EXPECT_EQ(invalid("a\xe0\x80\x80"), At(1, 2));
  EXPECT_EQ(invalid("a\xed\xa0\x80"), At(1, 2));      // A surrogate.
  EXPECT_EQ(invalid("a\xf4\x90\x80\x80"), At(1, 2));  // Above U+10FFFF.
}

}  // namespace
}  // namespace millgate
