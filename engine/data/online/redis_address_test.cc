#include "data/online/redis_address.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

TEST(RedisAddressTest, ReadsWhatClientsWrite) {
  const auto whole = read_redis_address("redis://reader@cache.example:7000/3");
  ASSERT_TRUE(whole.ok()) << whole.error().what;
  EXPECT_EQ(whole->host, "cache.example");
  EXPECT_EQ(whole->port, 7000);
  EXPECT_EQ(whole->database, 3);
  EXPECT_EQ(whole->user, "reader");
  EXPECT_FALSE(whole->is_tls);
  EXPECT_EQ(read_redis_address("redis://localhost")->port, 6379);
  EXPECT_EQ(read_redis_address("redis://localhost/")->database, 0);
  EXPECT_TRUE(read_redis_address("rediss://localhost")->is_tls);
  EXPECT_EQ(read_redis_address("redis://[::1]:7001")->host, "::1");
  EXPECT_EQ(read_redis_address("redis://[::1]:7001")->port, 7001);
  EXPECT_EQ(read_redis_address("redis://[::1]")->port, 6379);
  EXPECT_EQ(read_redis_address("unix:///run/redis.sock")->socket, "/run/redis.sock");
}

TEST(RedisAddressTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "localhost:6379", "redis://", "redis://:6379", "redis://host:0", "redis://host:70000",
        "redis://host:", "redis://host/x", "redis://host/-1", "redis://[::1", "redis://[::1]x",
        "unix://relative", "http://host"}) {
    const auto read = read_redis_address(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_input);
  }
}

TEST(RedisAddressTest, APasswordIsRefusedAndNotShown) {
  for (const char* text : {"redis://user:s3cret@host", "redis://:s3cret@host", "x:s3cret@host"}) {
    const auto read = read_redis_address(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().what.find("s3cret"), std::string::npos) << read.error().what;
  }
}

}  // namespace
}  // namespace millgate
