/// A FileStore in a bucket of an S3-compatible server.
#pragma once

#include <memory>
#include <string>

#include "ground/aws_signature.h"
#include "ground/error.h"
#include "ground/file_store.h"

namespace millgate {

struct S3Place {
  std::string endpoint;  ///< "https://s3.eu-west-1.amazonaws.com", "http://127.0.0.1:9000".
  std::string bucket;
  std::string prefix;  ///< Before every name; empty, or "a/b".
  AwsKey key;
};

/// Every request is signed; what is written is proved by the server against the SHA-256 in the
/// signature, so that a changed byte on the way is refused. A request that fails for the network's
/// or the server's sake is tried three times. `exists` says no when the server cannot be asked.
/// Nothing is asked before the first use.
[[nodiscard]] std::shared_ptr<FileStore> make_s3_file_store(S3Place place);

/// Reads "s3://bucket/prefix"; the rest comes from the environment, by the names that Amazon's own
/// tools use: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
/// AWS_ENDPOINT_URL. Errors: `invalid_input` naming what is missing.
[[nodiscard]] Result<S3Place> parse_s3_place(const std::string& url);

}  // namespace millgate
