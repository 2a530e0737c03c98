#include "system/serve/grpc_message.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::HasSubstr;

TEST(GrpcMessageTest, GivesBackWhatItWrote) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{300}, size_t{70'000}}) {
    const std::string message(size, 'x');
    const std::string body = grpc_body(message);
    EXPECT_EQ(body.size(), size + 5);
    EXPECT_EQ(*grpc_message(body), message);
  }
  // The length is big-endian: 258 = 1 * 256 + 2.
  EXPECT_EQ(grpc_body(std::string(258, 'y')).substr(0, 5), std::string("\0\0\0\1\2", 5));
}

TEST(GrpcMessageTest, RefusesWhatIsNoSingleMessage) {
  EXPECT_THAT(grpc_message("abc").error().what, HasSubstr("3 bytes"));
  EXPECT_THAT(grpc_message(std::string("\1\0\0\0\0", 5)).error().what, HasSubstr("compressed"));
  EXPECT_THAT(grpc_message(grpc_body("one") + grpc_body("two")).error().hint,
              HasSubstr("one message"));
  EXPECT_FALSE(grpc_message(std::string("\0\xff\xff\xff\xff", 5)).ok());
}

TEST(GrpcMessageTest, ReadsTimeoutsInEveryUnit) {
  EXPECT_EQ(parse_grpc_timeout_micros("2H"), 7'200'000'000);
  EXPECT_EQ(parse_grpc_timeout_micros("3M"), 180'000'000);
  EXPECT_EQ(parse_grpc_timeout_micros("4S"), 4'000'000);
  EXPECT_EQ(parse_grpc_timeout_micros("100m"), 100'000);
  EXPECT_EQ(parse_grpc_timeout_micros("7u"), 7);
  EXPECT_EQ(parse_grpc_timeout_micros("1500n"), 2);
  for (const char* const none : {"", "5", "S", "-1S", "1.5S", "5x", "123456789S", "5 S"}) {
    EXPECT_EQ(parse_grpc_timeout_micros(none), std::nullopt) << none;
  }
}

TEST(GrpcMessageTest, EncodesWhatHeadersCannotHold) {
  EXPECT_EQ(grpc_percent_encoded("100% of `a`"), "100%25 of `a`");
  EXPECT_EQ(grpc_percent_encoded("a\nb\xc3\xa9"), "a%0Ab%C3%A9");
}

TEST(GrpcMessageTest, SaysTheStatusOfHttp) {
  EXPECT_EQ(grpc_status_of(200), 0);
  EXPECT_EQ(grpc_status_of(400), 3);
  EXPECT_EQ(grpc_status_of(401), 16);
  EXPECT_EQ(grpc_status_of(404), 5);
  EXPECT_EQ(grpc_status_of(429), 8);
  EXPECT_EQ(grpc_status_of(503), 14);
  EXPECT_EQ(grpc_status_of(500), 13);
}

}  // namespace
}  // namespace millgate
