/// A request on its way to its answer, and the answers that every handler gives.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "system/serve/message.h"

namespace millgate {

struct RequestSpan;

/// A request with its path taken apart.
struct Call {
  const HttpRequest& request;
  Route route = Route::other;     ///< What its answer is counted as.
  std::vector<std::string> path;  ///< Decoded parts.
  std::string request_id;
  bool is_pinned = false;          ///< It names the version that is to answer.
  std::string caller = {};         ///< Name of its token; empty where none is wanted.
  double requests_per_second = 0;  ///< Its token's; 0: as the server says.
  RequestSpan* span = nullptr;     ///< Null: it is not recorded.
};

[[nodiscard]] HttpResponse json_reply(const Call& call, std::string body);
[[nodiscard]] HttpResponse failure_reply(const Call& call, int status, const Error& error);
/// With the status of the error's code; `refused` is said of requests with too many rows.
[[nodiscard]] HttpResponse failure_reply(const Call& call, const Error& error);
/// 405 when the method is not `allowed`.
[[nodiscard]] std::optional<HttpResponse> refuse_method(const Call& call, std::string_view allowed);
/// 415 for a packed body: bodies are taken as they are, and one would be misread.
[[nodiscard]] std::optional<HttpResponse> refuse_encoding(const Call& call);
/// 404 with the nearest path that there is.
[[nodiscard]] HttpResponse unknown_path_reply(const Call& call);

}  // namespace millgate
