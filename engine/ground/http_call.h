/// One call by HTTP or HTTPS to an address that somebody gave.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct HttpCall {
  std::string url;
  std::string_view body = {};  ///< POST; empty: GET.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::milliseconds timeout{10'000};  ///< Of all of it.
  size_t answer_bytes_max = 0;  ///< A longer answer is cut off there; 0: none is kept.
};

/// What was answered.
struct HttpReply {
  int status = 0;
  std::string body;
};

/// Redirects are not followed: a message would go to somebody else. Blocks; thread-safe.
/// Errors: `outside` when nobody answers, without the address, which may hold a secret.
[[nodiscard]] Result<HttpReply> http_call(const HttpCall& call);

}  // namespace millgate
