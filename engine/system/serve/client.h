/// A small HTTP/1.1 client over one kept-alive connection.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "system/serve/tls_stream.h"

namespace millgate {

/// One answer.
struct HttpAnswer {
  int status = 0;
  std::string body;
  std::string content_type;
};

/// Speaks to one server; connects at the first request and again after the server closed.
/// One thread at a time.
class HttpClient {
 public:
  /// `url` is "http://host:port" or "https://host:port" (TlsStream) with an optional path that is
  /// put before every target; `shown` is for servers that want to know their clients. Errors:
  /// `invalid_input` for anything else.
  [[nodiscard]] static Result<HttpClient> open(
      const std::string& url, std::chrono::milliseconds timeout = std::chrono::seconds(30),
      ClientCertificate shown = {});

  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  using Headers = std::vector<std::pair<std::string, std::string>>;
  /// Any status is an answer. Errors: `outside` when there is no server or no answer in time.
  [[nodiscard]] Result<HttpAnswer> get(const std::string& target, const Headers& headers = {});
  /// Posts `json` as application/json.
  [[nodiscard]] Result<HttpAnswer> post(const std::string& target, std::string_view json,
                                        const Headers& headers = {});

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millgate
