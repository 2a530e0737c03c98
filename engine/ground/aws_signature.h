/// AWS Signature Version 4, as every S3-compatible server checks it.
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/clock.h"

namespace millgate {

/// Who asks.
struct AwsKey {
  std::string id;
  std::string secret;
  std::string session_token = {};  ///< Of a key that runs out; may be empty.
  std::string region = "us-east-1";
};

/// One request to sign.
struct AwsRequest {
  std::string method;
  std::string host;  ///< With the port, unless it is the usual one.
  std::string path;  ///< Encoded, beginning with "/".
  std::vector<std::pair<std::string, std::string>> query = {};  ///< Not encoded.
  std::map<std::string, std::string> headers = {};  ///< More to sign; names in lower case.
  std::string payload_sha256;                       ///< In hex.
};

/// `text` with everything but letters, digits and `-._~` as %XX; `/` stays when `keep_slash`.
[[nodiscard]] std::string uri_encoded(std::string_view text, bool keep_slash);

/// "a=1&b=x%20y", sorted, as it is signed and must be sent.
[[nodiscard]] std::string encoded_query(std::vector<std::pair<std::string, std::string>> query);

/// All headers to send but `host`: those of the request, x-amz-date, x-amz-content-sha256,
/// x-amz-security-token where there is one, and authorization.
[[nodiscard]] std::map<std::string, std::string> signed_headers(const AwsRequest& request,
                                                                const AwsKey& key, Time now);

}  // namespace millgate
