/// Requests and answers of the server without their sockets: what handlers read and write.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "ground/error.h"

namespace millgate {

/// A request as it was read. The views live as long as the call that gets it.
struct HttpRequest {
  std::string_view method = {};  ///< "GET", "POST".
  std::string_view target = {};  ///< Path and query as sent.
  std::string_view body = {};
  std::string_view request_id = {};        ///< X-Request-Id; may be empty.
  std::string_view content_encoding = {};  ///< Empty: none.
  std::string_view content_type = {};
  std::string_view accept = {};
  std::string_view authorization = {};
  std::string_view host = {};
  std::string_view client_name =
      {};  ///< Common name of the client's certificate; empty: it has none.
  /// Whose connection it is: an IPv4 address, or the network of an IPv6 address, "2001:db8::/64".
  std::string_view client_address = {};
  bool is_from_here = false;  ///< The connection is from this machine.
  bool is_forwarded = false;  ///< A proxy says that it passes on somebody else's request.
  std::string_view inference_header_length = {};  ///< Inference-Header-Content-Length; or empty.
  /// Looks any other header up in `headers`; null where there is none to look in.
  std::string_view (*find_header)(const void* headers, std::string_view name) = nullptr;
  const void* headers = nullptr;
  bool is_grpc = false;  ///< Its body is a message of gRPC, and so is that of its answer.

  /// By its name, in any case; empty when it was not sent.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    return find_header == nullptr ? std::string_view() : find_header(headers, name);
  }
};

/// Fills in every member that is a header, by `find_header`.
void take_headers(HttpRequest& request);

/// What a request was about, for the counters.
enum class Route {
  predict,
  infer,
  invocations,
  predict_v1,
  feedback,
  features,
  push,
  metrics,
  sketches,
  grpc_infer,
  health,
  metadata,
  rollback,
  other
};
inline constexpr int kRouteCount = 14;
/// "/predict", "/v2/models/{name}/infer" ...
[[nodiscard]] std::string_view to_string(Route route);

/// An answer before it is sent.
struct HttpResponse {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  std::string request_id;             ///< Sent back as X-Request-Id; may be empty.
  std::string_view allow;             ///< With 405: the methods that exist here.
  size_t inference_header_bytes = 0;  ///< Sent as Inference-Header-Content-Length; 0: not sent.
  int retry_after_seconds = 0;        ///< With 429 and 503; 0: not said.
  bool wants_token = false;           ///< With 401: sent as WWW-Authenticate.
  bool close = false;                 ///< End the connection after this answer.
  Route route = Route::other;
  std::string failure;  ///< Of an error: what and what to do, as text; gRPC sends it.
};

/// 400 for `invalid_input`, 404 for `not_found` and so on: see ErrorCode.
[[nodiscard]] int http_status_of(ErrorCode code);
/// {"error": "...", "hint": "...", "request_id": "..."}; the last two where there are any.
[[nodiscard]] HttpResponse error_response(int status, const Error& error,
                                          std::string request_id = {});

}  // namespace millgate
