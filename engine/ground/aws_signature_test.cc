#include "ground/aws_signature.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using testing::EndsWith;

// The examples of "Authenticating Requests: Using the Authorization Header" in Amazon's
// documentation of S3.
const AwsKey kKey{.id = "AKIAIOSFODNN7EXAMPLE",
                  .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::string kEmptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Time example_time() { return *parse_time("2013-05-24T00:00:00Z"); }

TEST(AwsSignature, PublishedExampleGetObject) {
  const auto headers = signed_headers({.method = "GET",
                                       .host = "examplebucket.s3.amazonaws.com",
                                       .path = "/test.txt",
                                       .headers = {{"range", "bytes=0-9"}},
                                       .payload_sha256 = kEmptySha256},
                                      kKey, example_time());
  EXPECT_THAT(
      headers.at("authorization"),
      EndsWith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST(AwsSignature, PublishedExampleListObjects) {
  const auto headers = signed_headers({.method = "GET",
                                       .host = "examplebucket.s3.amazonaws.com",
                                       .path = "/",
                                       .query = {{"prefix", "J"}, {"max-keys", "2"}},
                                       .payload_sha256 = kEmptySha256},
                                      kKey, example_time());
  EXPECT_THAT(
      headers.at("authorization"),
      EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(AwsSignature, Encoding) {
  EXPECT_EQ(uri_encoded("a b/c+~%", true), "a%20b/c%2B~%25");
  EXPECT_EQ(uri_encoded("a/b", false), "a%2Fb");
  EXPECT_EQ(encoded_query({{"b", "2"}, {"a", "x y"}, {"c", ""}}), "a=x%20y&b=2&c=");
}

}  // namespace
}  // namespace millgate
