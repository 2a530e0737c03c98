#include "system/serve/media_type.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

TEST(MediaTypeTest, KnowsBodies) {
  const auto format = [](std::string_view text) { return parse_content_type(text)->format; };
  EXPECT_EQ(format(""), BodyFormat::json);
  EXPECT_EQ(format("application/json"), BodyFormat::json);
  EXPECT_EQ(format("Application/JSON ; charset=utf-8"), BodyFormat::json);
  EXPECT_EQ(format("application/problem+json"), BodyFormat::json);
  EXPECT_EQ(format("application/x-www-form-urlencoded"), BodyFormat::json);
  EXPECT_EQ(format("text/csv"), BodyFormat::csv);
  EXPECT_EQ(format("application/vnd.apache.arrow.stream"), BodyFormat::arrow_stream);
  EXPECT_EQ(format("application/x-parquet"), BodyFormat::parquet);
  EXPECT_TRUE(parse_content_type("text/csv; header=present")->has_header);
  EXPECT_FALSE(parse_content_type("text/csv; charset=utf-8; Header=Absent")->has_header);
  EXPECT_FALSE(parse_content_type("application/x-npy").ok());
  EXPECT_FALSE(parse_content_type("json").ok());
}

TEST(MediaTypeTest, GivesWhatIsAcceptedFirst) {
  const auto format = [](std::string_view text) { return parse_accept(text, BodyFormat::json); };
  EXPECT_EQ(format(""), BodyFormat::json);
  EXPECT_EQ(format("*/*"), BodyFormat::json);
  EXPECT_EQ(format("text/csv"), BodyFormat::csv);
  EXPECT_EQ(format("text/html, text/csv;q=0.9, application/json"), BodyFormat::csv);
  EXPECT_EQ(format("application/json, text/csv"), BodyFormat::json);
  EXPECT_EQ(format("*/*, text/csv"), BodyFormat::json);
  EXPECT_EQ(format("application/x-parquet"), BodyFormat::json);
  EXPECT_EQ(parse_accept("*/*", BodyFormat::arrow_stream), BodyFormat::arrow_stream);
  EXPECT_EQ(parse_accept("application/json", BodyFormat::arrow_stream), BodyFormat::json);
}

}  // namespace
}  // namespace millgate
