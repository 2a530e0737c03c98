#include "ground/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millgate {
namespace {

TEST(Json, KeepsTheOrderOfFields) {
  const Json json = {{"zebra", 1}, {"ape", Json::array({1, 2})}};
  EXPECT_EQ(dump_json(json), R"({"zebra":1,"ape":[1,2]})");
  EXPECT_EQ(dump_json_pretty(Json{{"a", 1}}), "{\n  \"a\": 1\n}");
  EXPECT_EQ(dump_json(*parse_json(dump_json(json), "a test")), dump_json(json));
}

TEST(Json, WritesWhatJsonCannotHold) {
  EXPECT_EQ(dump_json(Json{{"x", std::nan("")}}), R"({"x":null})");
  EXPECT_EQ(dump_json(Json{{"x", "a\xff"}}), "{\"x\":\"a\xef\xbf\xbd\"}");
}

TEST(Json, SaysWhereItIsDamaged) {
  const auto json = parse_json(R"({"a": 1,})", "manifest abc");
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().code, ErrorCode::damaged);
  EXPECT_EQ(json.error().what, "manifest abc is not JSON at byte 9");
  EXPECT_FALSE(parse_json("", "x").ok());
  EXPECT_FALSE(parse_json("1 2", "x").ok());
}

TEST(Json, NumbersThatAreTooLargeAreAnError) {
  for (const char* text : {"1e400", "[-1e999]", R"({"a": 80e5742})"}) {
    const auto json = parse_json(text, "object `x`");
    ASSERT_FALSE(json.ok()) << text;
    EXPECT_EQ(json.error().code, ErrorCode::damaged);
    EXPECT_EQ(json.error().what, "object `x` holds a number that is too large");
  }
  EXPECT_TRUE(parse_json("[1e308, 123456789012345678901234567890]", "x").ok());
}

TEST(Json, MembersAreChecked) {
  const Json json = {{"rows", 3}, {"name", "x"}};
  EXPECT_EQ(*json_member<int64_t>(json, "rows", "segment s"), 3);
  const auto missing = json_member<int64_t>(json, "columns", "segment s");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().what, "segment s: member `columns` is missing");
  const auto wrong = json_member<std::string>(json, "rows", "segment s");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().what, "segment s: member `rows` has the wrong type");
  EXPECT_FALSE(json_member<int64_t>(Json::array(), "rows", "segment s").ok());
}

}  // namespace
}  // namespace millgate
