/// One message sent by HTTP or HTTPS to an address that somebody gave.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"

namespace millgate {

struct HttpPost {
  std::string url;
  std::string_view body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::milliseconds timeout{10'000};  ///< Of all of it.
};

/// The status that was answered; what else was, is not kept. Redirects are not followed: the
/// message would go to somebody else. Blocks; thread-safe.
/// Errors: `outside` when nobody answers, without the address, which may hold a secret.
[[nodiscard]] Result<int> http_post(const HttpPost& post);

}  // namespace millgate
