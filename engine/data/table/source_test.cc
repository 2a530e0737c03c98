#include "data/table/source.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

Result<Source> read(const std::string& body) {
  MILLGATE_ASSIGN(Section root, parse_settings("[[source]]\n" + body, "millgate.toml"));
  MILLGATE_ASSIGN(auto sections, root.sections("source"));
  return read_source(sections[0]);
}

TEST(Source, AllKeys) {
  const auto source = read(
      "name = \"weather\"\npath = \"data/*.csv\"\nkey = [\"origin\", \"time_hour\"]\n"
      "happened = \"time_hour\"\nknown = \"time_hour + interval '30 minutes'\"\n"
      "null_texts = [\"-\"]\nabout = { from = \"NOAA\", licence = \"CC0\" }\n");
  ASSERT_TRUE(source.ok()) << source.error().what;
  EXPECT_EQ(source->name, "weather");
  EXPECT_EQ(source->path, "data/*.csv");
  EXPECT_EQ(source->key, (std::vector<std::string>{"origin", "time_hour"}));
  EXPECT_EQ(source->happened, "time_hour");
  EXPECT_EQ(source->known, "time_hour + interval '30 minutes'");
  EXPECT_EQ(source->null_texts, (std::vector<std::string>{"-"}));
  ASSERT_EQ(source->about.texts.size(), 2U);
  EXPECT_EQ(source->about.texts[0], (std::pair<std::string, std::string>("from", "NOAA")));
}

TEST(Source, NullTextsHaveADefaultAndMayBeNone) {
  EXPECT_EQ(read("name = \"a\"\npath = \"a.csv\"\n")->null_texts,
            (std::vector<std::string>{"", "NA"}));
  EXPECT_TRUE(read("name = \"a\"\npath = \"a.csv\"\nnull_texts = []\n")->null_texts.empty());
}

TEST(Source, ErrorsPointAtTheFault) {
  const auto expect = [](const std::string& body, const std::string& where,
                         const std::string& what) {
    const auto source = read(body);
    ASSERT_FALSE(source.ok()) << body;
    EXPECT_EQ(source.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(source.error().where, "millgate.toml:" + where) << source.error().what;
    EXPECT_THAT(source.error().what, testing::HasSubstr(what));
  };
  expect("name = \"my table\"\npath = \"a.csv\"\n", "2:8", "`my table` cannot be the name");
  expect("name = \"a\"\npath = \"\"\n", "3:8", "empty path");
  expect("name = \"a\"\npath = \"a.csv\"\nkey = [\"x\", \"x\"]\n", "4:7", "column `x` twice");
  expect("name = \"a\"\npath = \"a.csv\"\nknown = \"t\"\n", "4:9", "`known` but no `happened`");
  expect("name = \"a\"\npath = \"a.csv\"\nkeys = [\"x\"]\n", "4:1", "keys");
}

}  // namespace
}  // namespace millgate
