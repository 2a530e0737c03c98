#include "ground/base64.h"

#include <gtest/gtest.h>

namespace millgate {
namespace {

/// The test vectors of RFC 4648, section 10, and a byte of each kind.
TEST(Base64, GivesThePublishedTexts) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string_view("\0\xff\xfe\x80", 4)), "AP/+gA==");
}

}  // namespace
}  // namespace millgate
