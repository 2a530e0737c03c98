/// The header of an answer, line by line, the same for every version of HTTP.
#pragma once

#include <string>
#include <string_view>

#include "system/serve/message.h"

namespace millgate {

/// "Sun, 06 Nov 1994 08:49:37 GMT"; written once a second by each thread.
[[nodiscard]] const std::string& date_header();

/// Calls `add(name, value)` for each line but those of the connection itself.
template <typename Add>
void each_header(const HttpResponse& response, const Add& add) {
  add("Server", std::string_view("millgate"));
  add("Date", std::string_view(date_header()));
  add("Content-Type", response.content_type);
  add("Content-Length", std::string_view(std::to_string(response.body.size())));
  if (!response.request_id.empty()) add("X-Request-Id", std::string_view(response.request_id));
  if (response.wants_token) add("WWW-Authenticate", std::string_view("Bearer realm=\"millgate\""));
  if (!response.allow.empty()) add("Allow", response.allow);
  if (response.inference_header_bytes > 0) {
    add("Inference-Header-Content-Length",
        std::string_view(std::to_string(response.inference_header_bytes)));
  }
  if (response.retry_after_seconds > 0) {
    add("Retry-After", std::string_view(std::to_string(response.retry_after_seconds)));
  }
}

}  // namespace millgate
