#include "ground/format_version.h"

#include <gtest/gtest.h>

#include "ground/json.h"

namespace millgate {
namespace {

Result<int64_t> checked(const char* text) {
  return read_format_version(*parse_json(text, "a test"), "millgate thing",
                             {.oldest = 2, .newest = 3}, "thing `x`");
}

TEST(FormatVersion, OfOtherFormatsAndVersionsIsRefused) {
  EXPECT_EQ(*checked(R"({"format": "millgate thing", "version": 2})"), 2);
  EXPECT_EQ(*checked(R"({"format": "millgate thing", "version": 3})"), 3);

  const auto newer = checked(R"({"format": "millgate thing", "version": 4})");
  EXPECT_EQ(newer.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(newer.error().what, "thing `x` has format version 4; this program reads up to 3");
  EXPECT_EQ(newer.error().hint, "use a newer millgate");
  const auto older = checked(R"({"format": "millgate thing", "version": 1})");
  EXPECT_EQ(older.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(older.error().what, "thing `x` has format version 1; this program reads from 2");

  const auto other = checked(R"({"format": "millgate other", "version": 2})");
  EXPECT_EQ(other.error().code, ErrorCode::damaged);
  EXPECT_EQ(other.error().what, "thing `x` is a `millgate other`, not a `millgate thing`");
  for (const char* text : {"{}", "[]", R"({"format": "millgate thing"})",
                           R"({"format": "millgate thing", "version": "2"})"}) {
    EXPECT_EQ(checked(text).error().code, ErrorCode::damaged) << text;
  }
}

}  // namespace
}  // namespace millgate
