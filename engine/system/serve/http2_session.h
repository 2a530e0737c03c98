/// HTTP/2 (RFC 9113) without its socket: bytes that came in become requests, and answers become
/// bytes that go out. Frames and headers are nghttp2's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/serve/message.h"

struct nghttp2_session;

namespace millgate {

/// What every HTTP/2 connection begins with. No request of HTTP/1 does.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A request as it came, kept as long as somebody works on it.
class Http2Request {
 public:
  /// The views live as long as this.
  [[nodiscard]] HttpRequest view() const;
  /// By its name, in any case; empty when it was not sent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool is_grpc() const;
  [[nodiscard]] std::chrono::steady_clock::time_point begun() const { return begun_; }

 private:
  friend class Http2Session;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// Bounds of one connection.
struct Http2Limits {
  size_t header_bytes_max = 0;  ///< Of a request; beyond it: 431.
  size_t body_bytes_max = 0;    ///< Of a request; beyond it: 413.
  /// Of all bodies and answers that are not sent yet; beyond it: 429.
  size_t held_bytes_max = 0;
  uint32_t streams_max = 100;  ///< Requests at once; the client is told and waits.
};

/// The server's side of one connection. A gRPC request is answered by gRPC's rules: its status
/// in the trailer, made of the answer's HTTP status. Not thread-safe.
class Http2Session {
 public:
  /// Called by `feed` for each request that is whole; answered then or later by `respond`.
  using OnRequest = std::function<void(int32_t stream, std::shared_ptr<const Http2Request>)>;
  Http2Session(const Http2Limits& limits, OnRequest on_request);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  /// Takes what was read, from the preface on. False: the client breaks the protocol or is out of
  /// bounds; what `take_output` still gives says why, then the connection must end.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// Answers a request. One whose client has gone away meanwhile is answered by nothing.
  void respond(int32_t stream, HttpResponse response);
  /// Appends what is to be sent now, about `bytes_max` bytes at most.
  void take_output(std::string& out, size_t bytes_max);
  /// Answers 408 to every request that began before `since` and is not whole, and ends those that
  /// go on after their answer.
  void refuse_slow(std::chrono::steady_clock::time_point since);
  /// Takes no more requests; those that are here are answered.
  void end();

  /// Requests that have begun and are not answered to the end.
  [[nodiscard]] size_t open_requests() const { return streams_.size(); }
  /// Nothing more will be read or written.
  [[nodiscard]] bool is_done() const;
  /// When a part of a request or of an answer passed last.
  [[nodiscard]] std::chrono::steady_clock::time_point active_at() const { return active_at_; }
  /// Told of the answers that the session gives by itself; may be empty.
  std::function<void(const HttpResponse& response)> on_refuse;

 private:
  struct Stream {
    std::shared_ptr<Http2Request> request = std::make_shared<Http2Request>();
    size_t header_bytes = 0;
    bool is_whole = false;
    bool is_answered = false;
    bool is_told = false;  ///< The answer has been sent to its end.
    std::string data;      ///< What is sent of it as body.
    size_t sent = 0;
    size_t dropped_bytes = 0;  ///< Of what came after the answer.
  };
  struct Callbacks;

  void refuse(int32_t stream, int status, const Error& error);
  void refuse_held(int32_t stream);
  /// Ends a request that goes on and on after its answer.
  void end_endless(int32_t stream, Stream& held);
  /// Tells that the rest of a request is not wanted.
  void reset(int32_t stream);
  void submit(int32_t stream, Stream& held, HttpResponse response);
  void submit_grpc(int32_t stream, Stream& held, const HttpResponse& response);

  Http2Limits limits_;
  OnRequest on_request_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Stream> streams_;
  size_t held_bytes_ = 0;  ///< Of bodies and answers.
  std::chrono::steady_clock::time_point active_at_ = std::chrono::steady_clock::now();
};

}  // namespace millgate
