/// Sockets of the server: connections, limits, timeouts, a graceful end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "ground/clock.h"
#include "ground/error.h"
#include "system/serve/message.h"
#include "system/serve/server.h"
#include "system/serve/telemetry.h"

namespace millgate {

/// Who answers. Called from several threads at once.
struct HttpHandler {
  std::function<HttpResponse(const HttpRequest&)> answer;
  /// Whether `answer` may wait for the disk: then it is called from a thread of its own.
  std::function<bool(const HttpRequest&)> is_slow;
};

/// HTTP/1.1 and 1.0 with keep-alive and pipelining, and HTTP/2 with gRPC, over TLS where there is a
/// certificate. A handshake that takes longer than a header may is cut off.
///
/// A header that is too long is answered 431, a body 413, a malformed request 400, a slow one
/// 408, each with an end of the connection. Beyond `requests_max` and `slow_requests_max` the
/// answer is 429, beyond `connections_max` 503. A request that waited longer than its
/// X-Request-Timeout, or its timeout of gRPC, is answered 504 and not worked on.
class HttpListener {
 public:
  /// Errors: `invalid_input` for a bad address; `outside` when it cannot be listened on.
  [[nodiscard]] static Result<std::unique_ptr<HttpListener>> start(const ServerOptions& options,
                                                                   HttpHandler handler,
                                                                   Telemetry& telemetry);
  ~HttpListener();  ///< Stops.
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  [[nodiscard]] uint16_t port() const;
  /// Of the certificate in use; nothing without TLS.
  [[nodiscard]] std::optional<Time> certificate_ends() const;
  /// Accepts no more, answers every request whose first byte has come, waits for that at most
  /// `stop_timeout`, then ends. Idempotent.
  void stop();

 private:
  struct State;
  explicit HttpListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millgate
