#include "system/serve/http_connection.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "ground/clock.h"
#include "system/serve/grpc_message.h"
#include "system/serve/http2_session.h"
#include "system/serve/http_header.h"

namespace millgate {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using ErrorCodeOf = boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr size_t kReadBytes = 16 << 10;
/// Of the first read of a connection: ten thousand that say nothing cost 40 MB.
constexpr size_t kFirstReadBytes = 4 << 10;
/// How long a connection that never sent a request may still send one after `stop`.
constexpr std::chrono::milliseconds kLastChance{250};
constexpr std::chrono::hours kNoLimit{24 * 365};
/// Of one write of HTTP/2.
constexpr size_t kWriteBytes = 256 << 10;
/// How many bodies of the greatest length one HTTP/2 connection may hold at once.
constexpr size_t kHeldBodies = 2;
/// How long a client may go on sending what nobody reads, so that it gets the answer before.
constexpr std::chrono::milliseconds kLingerTimeout{2'000};

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

/// The answer to a request that could not be read.
HttpResponse parse_failure(const ErrorCodeOf& error, const ServerOptions& options) {
  if (error == http::error::body_limit) {
    return error_response(413, invalid_input("the body is longer than " +
                                                 std::to_string(options.body_bytes_max) + " bytes",
                                             "send fewer rows in a request"));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return error_response(431, invalid_input("the header is longer than " +
                                             std::to_string(options.header_bytes_max) + " bytes"));
  }
  if (error == http::error::partial_message) {
    return error_response(400, invalid_input("the request ends in the middle",
                                             "Content-Length says how long the body is"));
  }
  if (error == http::error::bad_version) {
    return error_response(505, invalid_input("only HTTP/1.0 and HTTP/1.1 are spoken"));
  }
  return error_response(400, invalid_input("the request is not HTTP: " + error.message()));
}

HttpResponse too_many(int requests_max) {
  return error_response(429, Error{.code = ErrorCode::overloaded,
                                   .what = "the server is at its bound of " +
                                           std::to_string(requests_max) + " requests at once",
                                   .hint = "try again after the time in Retry-After"});
}

HttpResponse too_many_slow(int slow_requests_max) {
  return error_response(
      429, Error{.code = ErrorCode::overloaded,
                 .what = "the server is at its bound of " + std::to_string(slow_requests_max) +
                         " requests that take long",
                 .hint = "try again after the time in Retry-After"});
}

/// Loopback, also as IPv6 writes an address of IPv4. That of a closed socket is none.
bool is_this_machine(const asio::ip::address& address) {
  if (!address.is_v6()) return address.is_loopback();
  const asio::ip::address_v6 six = address.to_v6();
  if (!six.is_v4_mapped()) return six.is_loopback();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, six).is_loopback();
}

/// By what a client is known that says no name: one who has an IPv6 address has a whole network.
std::string client_of(const asio::ip::address& address) {
  if (!address.is_v6()) return address.to_string();
  const asio::ip::address_v6 six = address.to_v6();
  if (six.is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, six).to_string();
  }
  constexpr unsigned short kNetworkBits = 64;
  return asio::ip::network_v6(six, kNetworkBits).canonical().to_string();
}

/// Of the client's certificate; empty when it showed none.
std::string common_name(SSL* connection) {
  X509* const certificate = ::SSL_get1_peer_certificate(connection);
  if (certificate == nullptr) return {};
  char name[256] = "";
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
  ::X509_free(certificate);
  return name;
}

/// What `request`'s client waits for it at most, in microseconds; nothing: it does not say.
Result<std::optional<int64_t>> patience_of(const HttpRequest& request) {
  const std::string_view text = request.header("X-Request-Timeout");
  const std::string_view grpc = request.is_grpc ? request.header("grpc-timeout") : "";
  if (!grpc.empty()) {
    const std::optional<int64_t> micros = parse_grpc_timeout_micros(grpc);
    if (micros) return micros;
    return invalid_input("grpc-timeout `" + std::string(grpc.substr(0, 40)) + "` is none");
  }
  if (text.empty()) return std::optional<int64_t>();
  const Result<int64_t> micros = parse_duration_micros(text);
  if (micros.ok()) return std::optional<int64_t>(*micros);
  return invalid_input("X-Request-Timeout: " + micros.error().what, "write a duration as in 250ms");
}

/// The refusal of a request whose client has given up on it by now.
std::optional<HttpResponse> past_patience(const HttpRequest& request, SteadyTime begun) {
  const Result<std::optional<int64_t>> micros = patience_of(request);
  if (!micros.ok()) return error_response(400, micros.error());
  if (!*micros) return std::nullopt;
  const auto waited = std::chrono::steady_clock::now() - begun;
  if (waited <= std::chrono::microseconds(**micros)) return std::nullopt;
  return error_response(504, Error{.code = ErrorCode::overloaded,
                                   .what = "the request waited longer than its client does",
                                   .hint = "nothing was done; give it more time, or ask later"});
}

/// A request that is worked on, for the counter of those.
class Flight {
 public:
  explicit Flight(Telemetry& telemetry)
      : telemetry_(telemetry), before_(telemetry.requests_in_flight.fetch_add(1)) {}
  ~Flight() { telemetry_.requests_in_flight.fetch_sub(1); }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  /// How many there were before it.
  [[nodiscard]] int64_t before() const { return before_; }

 private:
  Telemetry& telemetry_;
  int64_t before_;
};

class Connection final : public HttpConnection {
 public:
  Connection(ListenerSocket socket, HttpConnections& shared, asio::thread_pool& slow_pool)
      : socket_(std::move(socket)),
        tick_(socket_.get_executor()),
        slow_pool_(slow_pool),
        shared_(shared),
        buffer_(shared.options.header_bytes_max + 2 * kReadBytes) {
    shared_.telemetry->connections.fetch_add(1);
    const std::scoped_lock lock(shared_.mutex);
    shared_.living.insert(this);
  }

  ~Connection() override {
    shared_.telemetry->connections.fetch_sub(1);
    const std::scoped_lock lock(shared_.mutex);
    shared_.living.erase(this);
    if (shared_.living.empty()) shared_.all_gone.notify_all();
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() override {
    asio::dispatch(socket_.get_executor(), [self = own()] {
      ErrorCodeOf ignored;
      self->socket_.set_option(tcp::no_delay(true), ignored);
      const asio::ip::address client = self->socket_.remote_endpoint(ignored).address();
      self->is_from_here_ = is_this_machine(client);
      self->client_address_ = client_of(client);
      self->wait_tick();
      if (self->shared_.tls) return self->shake_hands();
      self->next_request();
    });
  }

  void stop() override {
    asio::post(socket_.get_executor(), [self = own()] { self->on_stop(); });
  }
  void cut_off() override {
    asio::post(socket_.get_executor(), [self = own()] { self->close(); });
  }

 private:
  std::shared_ptr<Connection> own() {
    return std::static_pointer_cast<Connection>(shared_from_this());
  }

  enum class Phase { handshake, idle, header, body, answering, http2, lingering, closed };

  // --- Deadlines: one coarse timer a connection, so that a request costs none. ---

  void enter(Phase phase, std::chrono::milliseconds limit) {
    phase_ = phase;
    entered_ = std::chrono::steady_clock::now();
    deadline_ = entered_ + limit;
  }

  void wait_tick() {
    const ServerOptions& options = shared_.options;
    const auto shortest = std::min({options.header_timeout, options.body_timeout,
                                    options.idle_timeout, std::chrono::milliseconds(1'000)});
    tick_.expires_after(std::max(shortest / 4, std::chrono::milliseconds(5)));
    tick_.async_wait([self = own()](const ErrorCodeOf& error) {
      if (error || self->phase_ == Phase::closed) return;
      const SteadyTime now = std::chrono::steady_clock::now();
      if (self->http2_) self->look_after_http2(now);
      if (now >= self->deadline_) self->on_deadline();
      if (self->phase_ != Phase::closed) self->wait_tick();
    });
  }

  void on_deadline() {
    if (phase_ != Phase::header && phase_ != Phase::body) return close();
    // The read that waits ends with operation_aborted; its handler then answers.
    timed_out_ = true;
    ErrorCodeOf ignored;
    socket_.cancel(ignored);
  }

  void on_stop() {
    if (http2_) {
      http2_->end();
      return send_http2();
    }
    if (phase_ != Phase::idle && phase_ != Phase::handshake) return;
    if (!had_request_) {
      deadline_ = std::min(deadline_, std::chrono::steady_clock::now() + kLastChance);
      return;
    }
    ErrorCodeOf error;
    if (socket_.available(error) == 0 || error) close();
  }

  void close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    ErrorCodeOf ignored;
    tick_.cancel();
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  // --- TLS, where there is a certificate. ---

  void shake_hands() {
    certificate_ = shared_.tls->get();
    tls_.emplace(socket_, certificate_->context);
    enter(Phase::handshake, shared_.options.header_timeout);
    tls_->async_handshake(asio::ssl::stream_base::server, [self = own()](const ErrorCodeOf& error) {
      if (self->phase_ == Phase::closed) return;
      if (error) {
        self->shared_.telemetry->tls_failures.fetch_add(1, std::memory_order_relaxed);
        return self->close();
      }
      self->client_name_ = common_name(self->tls_->native_handle());
      self->next_request();
    });
  }

  template <typename Buffer, typename Handler>
  void async_read(const Buffer& buffer, Handler handler) {
    if (tls_) return tls_->async_read_some(buffer, std::move(handler));
    socket_.async_read_some(buffer, std::move(handler));
  }

  template <typename Buffers, typename Handler>
  void async_send(const Buffers& buffers, Handler handler) {
    if (tls_) return asio::async_write(*tls_, buffers, std::move(handler));
    asio::async_write(socket_, buffers, std::move(handler));
  }

  // --- Reading a request. ---

  void next_request() {
    flight_.reset();
    if (phase_ == Phase::closed) return;
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options.header_bytes_max));
    parser_->body_limit(shared_.options.body_bytes_max);
    said_continue_ = false;
    enter(Phase::idle, shared_.options.idle_timeout);
    if (buffer_.size() > 0) return parse();
    if (shared_.stopping) on_stop();
    if (phase_ != Phase::closed) read_more();
  }

  void read_more() {
    const size_t wanted = buffer_.capacity() == 0 ? kFirstReadBytes : kReadBytes;
    async_read(
        buffer_.prepare(std::min(wanted, buffer_.max_size() - buffer_.size())),
        [self = own()](const ErrorCodeOf& error, size_t bytes) { self->on_read(error, bytes); });
  }

  void on_read(const ErrorCodeOf& error, size_t bytes) {
    if (phase_ == Phase::closed) return;
    if (timed_out_) {
      return fail(error_response(
          408, invalid_input(phase_ == Phase::header ? "the header did not come in time"
                                                     : "the body did not come in time")));
    }
    const bool is_end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    if (is_end && phase_ != Phase::idle) {
      return fail(parse_failure(http::error::partial_message, shared_.options));
    }
    if (error) return close();
    buffer_.commit(bytes);
    parse();
  }

  /// Gives the parser what was read; goes on reading until the request is whole.
  void parse() {
    if (phase_ == Phase::idle) {
      had_request_ = true;
      enter(Phase::header, shared_.options.header_timeout);
      begun_ = entered_;
    }
    if (!knows_version_) {
      const std::optional<bool> is_two = begins_as_http2();
      if (!is_two) return read_more();
      knows_version_ = true;
      if (*is_two) return begin_http2();
    }
    while (buffer_.size() > 0 && !parser_->is_done()) {
      ErrorCodeOf error;
      const size_t used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error == http::error::need_more) break;
      if (error) return fail(parse_failure(error, shared_.options));
      if (used == 0) break;
    }
    if (phase_ == Phase::header && parser_->is_header_done() && !begin_body()) return;
    if (parser_->is_done()) return handle();
    if (buffer_.size() >= buffer_.max_size()) {
      return fail(parse_failure(http::error::header_limit, shared_.options));
    }
    read_more();
  }

  /// The header is whole: counts the request in. False when it was answered already.
  bool begin_body() {
    enter(Phase::body, shared_.options.body_timeout);
    flight_.emplace(*shared_.telemetry);
    if (flight_->before() >= shared_.options.requests_max) {
      fail(too_many(shared_.options.requests_max));
      return false;
    }
    const auto expect = parser_->get()[http::field::expect];
    if (!parser_->is_done() && !said_continue_ && beast::iequals(expect, "100-continue")) {
      return say_continue();
    }
    return true;
  }

  /// Tells the client to send its body, then goes on reading. Always false.
  bool say_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    said_continue_ = true;
    async_send(asio::buffer(kContinue), [self = own()](const ErrorCodeOf& error, size_t) {
      if (error) return self->close();
      if (self->phase_ != Phase::closed) self->read_more();
    });
    return false;
  }

  // --- Answering. ---

  HttpRequest request() const {
    const auto& message = parser_->get();
    HttpRequest request;
    request.method = view_of(message.method_string());
    request.target = view_of(message.target());
    request.body = message.body();
    request.headers = &message;
    request.find_header = [](const void* headers, std::string_view name) {
      const auto& sent = *static_cast<const http::request<http::string_body>*>(headers);
      return view_of(sent[beast::string_view(name.data(), name.size())]);
    };
    take_headers(request);
    add_client(request);
    return request;
  }

  void add_client(HttpRequest& request) const {
    request.client_name = client_name_;
    request.client_address = client_address_;
    request.is_from_here = is_from_here_;
  }

  /// An exception (no memory, most likely) costs this request, not the server.
  HttpResponse answer(const HttpRequest& request) const {
    try {
      return shared_.handler.answer(request);
    } catch (const std::exception& exception) {
      return error_response(500, bug(std::string("the request failed: ") + exception.what()));
    }
  }

  /// Answers `request`, which began at `begun`, or refuses what its client has given up on.
  HttpResponse answer_in_time(const HttpRequest& request, SteadyTime begun) const {
    auto refused = past_patience(request, begun);
    return refused ? *std::move(refused) : answer(request);
  }

  void handle() {
    // Handlers are not bounded in time; the client's patience is.
    enter(Phase::answering, std::chrono::hours(1));
    received_ = entered_;
    const HttpRequest asked = request();
    if (!shared_.handler.is_slow(asked)) return respond(answer_in_time(asked, begun_));
    const bool is_taken = answer_slowly(
        [self = own()] { return self->answer_in_time(self->request(), self->begun_); },
        [self = own()](HttpResponse response) { self->respond(std::move(response)); });
    if (!is_taken) respond(too_many_slow(shared_.options.slow_requests_max));
  }

  /// Calls `work` from a thread of its own, then `done` with its answer on the strand. False, and
  /// nothing is called, when too many wait for that already.
  template <typename Work, typename Done>
  bool answer_slowly(Work work, Done done) {
    std::atomic<int64_t>& slow_requests = shared_.telemetry->slow_requests;
    if (slow_requests.fetch_add(1) >= shared_.options.slow_requests_max) {
      slow_requests.fetch_sub(1);
      return false;
    }
    asio::post(slow_pool_, [self = own(), &slow_requests, work = std::move(work),
                            done = std::move(done)]() mutable {
      auto response = std::make_shared<HttpResponse>(work());
      slow_requests.fetch_sub(1);
      asio::post(self->socket_.get_executor(),
                 [self, response, done = std::move(done)] { done(std::move(*response)); });
    });
    return true;
  }

  /// Answers a request that was not read to its end, then ends the connection.
  void fail(HttpResponse response) {
    received_ = std::chrono::steady_clock::now();
    timed_out_ = false;
    response.close = true;
    respond(std::move(response));
  }

  /// Counts an answer to what was received at `received`.
  void count(const HttpResponse& response, SteadyTime received) const {
    const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - received;
    shared_.telemetry->count(response.route, response.status, taken.count());
  }

  void respond(HttpResponse response) {
    if (phase_ == Phase::closed) return;
    enter(Phase::answering, shared_.options.body_timeout);
    count(response, received_);
    const bool keep_alive =
        !response.close && !shared_.stopping && parser_->is_done() && parser_->get().keep_alive();
    response_ = std::move(response);
    head_ = http1_head(response_, keep_alive);
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(head_),
                                                     asio::buffer(response_.body)};
    async_send(parts, [self = own(), keep_alive](const ErrorCodeOf& error, size_t) {
      if (error) return self->close();
      if (keep_alive) return self->next_request();
      self->linger();
    });
  }

  /// Closes our side and reads what still comes: closing at once would reset the connection,
  /// and the client could lose the answer.
  void linger() {
    flight_.reset();
    if (phase_ == Phase::closed) return;
    enter(Phase::lingering, kLingerTimeout);
    buffer_.clear();
    if (!tls_) return end_sending();
    // Says that this was all, then waits for the other side as without TLS.
    ::SSL_set_shutdown(tls_->native_handle(), SSL_RECEIVED_SHUTDOWN);
    tls_->async_shutdown([self = own()](const ErrorCodeOf&) { self->end_sending(); });
  }

  void end_sending() {
    if (phase_ == Phase::closed) return;
    ErrorCodeOf error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    if (error) return close();
    discard();
  }

  void discard() {
    socket_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = own()](const ErrorCodeOf& error, size_t) {
                              if (error) return self->close();
                              if (self->phase_ != Phase::closed) self->discard();
                            });
  }

  // --- HTTP/2: many requests at once. What is there to be sent is sent before more is read. ---

  /// Nothing: too little has come to tell.
  std::optional<bool> begins_as_http2() const {
    const auto bytes = buffer_.data();
    const std::string_view begun(static_cast<const char*>(bytes.data()),
                                 std::min(bytes.size(), kHttp2Preface.size()));
    if (!kHttp2Preface.starts_with(begun)) return false;
    if (begun.size() < kHttp2Preface.size()) return std::nullopt;
    return true;
  }

  void begin_http2() {
    const ServerOptions& options = shared_.options;
    http2_ = std::make_unique<Http2Session>(
        Http2Limits{.header_bytes_max = options.header_bytes_max,
                    .body_bytes_max = options.body_bytes_max,
                    .held_bytes_max = kHeldBodies * options.body_bytes_max},
        [this](int32_t stream, const std::shared_ptr<const Http2Request>& asked) {
          handle_http2(stream, asked);
        });
    http2_->on_refuse = [this](const HttpResponse& response) {
      count(response, std::chrono::steady_clock::now());
    };
    // Time is watched by look_after_http2.
    enter(Phase::http2, kNoLimit);
    if (shared_.stopping) http2_->end();
    feed_http2();
  }

  void feed_http2() {
    const auto bytes = buffer_.data();
    is_http2_broken_ = !http2_->feed({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.consume(bytes.size());
    send_http2();
  }

  void send_http2() {
    if (phase_ != Phase::http2 || is_sending_) return;
    output_.clear();
    http2_->take_output(output_, kWriteBytes);
    if (output_.empty()) {
      if (is_http2_broken_ || http2_->is_done()) return end_http2();
      return read_http2();
    }
    is_sending_ = true;
    send_begun_ = std::chrono::steady_clock::now();
    async_send(asio::buffer(output_), [self = own()](const ErrorCodeOf& error, size_t) {
      self->is_sending_ = false;
      if (error) return self->close();
      self->send_http2();
    });
  }

  void read_http2() {
    if (is_reading_) return;
    is_reading_ = true;
    async_read(buffer_.prepare(kReadBytes), [self = own()](const ErrorCodeOf& error, size_t bytes) {
      self->is_reading_ = false;
      if (error) return self->close();
      if (self->phase_ == Phase::lingering) return self->discard();
      if (self->phase_ != Phase::http2) return;
      self->buffer_.commit(bytes);
      self->feed_http2();
    });
  }

  void end_http2() {
    if (!is_reading_) return linger();
    // The read that waits goes on as the one of lingering.
    enter(Phase::lingering, kLingerTimeout);
    ErrorCodeOf ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void handle_http2(int32_t stream, const std::shared_ptr<const Http2Request>& asked) {
    const SteadyTime received = std::chrono::steady_clock::now();
    auto flight = std::make_shared<Flight>(*shared_.telemetry);
    const auto respond_to = [this, stream, received](HttpResponse response) {
      count(response, received);
      http2_->respond(stream, std::move(response));
    };
    if (flight->before() >= shared_.options.requests_max) {
      return respond_to(too_many(shared_.options.requests_max));
    }
    HttpRequest request = asked->view();
    add_client(request);
    if (!shared_.handler.is_slow(request)) {
      return respond_to(answer_in_time(request, asked->begun()));
    }
    const bool is_taken = answer_slowly(
        // `request` looks into `asked`.
        [self = own(), asked, request] { return self->answer_in_time(request, asked->begun()); },
        [self = own(), flight, respond_to](HttpResponse response) {
          --self->worked_on_;
          respond_to(std::move(response));
          self->send_http2();
        });
    if (!is_taken) return respond_to(too_many_slow(shared_.options.slow_requests_max));
    ++worked_on_;
  }

  /// Ends what goes on for too long.
  void look_after_http2(SteadyTime now) {
    if (phase_ != Phase::http2) return;
    const ServerOptions& options = shared_.options;
    if (is_sending_ && now - send_begun_ >= options.body_timeout) return close();
    const auto quiet = now - http2_->active_at();
    if (http2_->open_requests() == 0 && quiet >= options.idle_timeout) http2_->end();
    http2_->refuse_slow(now - options.header_timeout - options.body_timeout);
    // Its client takes no answer.
    const bool is_stuck = http2_->open_requests() > 0 && worked_on_ == 0;
    if (is_stuck && quiet >= options.header_timeout + options.body_timeout) return close();
    send_http2();
  }

  ListenerSocket socket_;
  std::shared_ptr<TlsCertificate> certificate_;  ///< Outlives `tls_`.
  std::optional<asio::ssl::stream<ListenerSocket&>> tls_;
  std::string client_name_;
  asio::steady_timer tick_;
  asio::thread_pool& slow_pool_;
  HttpConnections& shared_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Phase phase_ = Phase::idle;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime entered_;   ///< When the phase began.
  SteadyTime begun_;     ///< When the first byte of the request came.
  SteadyTime received_;  ///< When the last one did.
  bool timed_out_ = false;
  std::optional<Flight> flight_;
  bool had_request_ = false;
  bool said_continue_ = false;
  bool is_from_here_ = false;
  std::string client_address_;
  std::string head_;
  HttpResponse response_;

  bool knows_version_ = false;
  std::unique_ptr<Http2Session> http2_;  ///< Null: HTTP/1.
  bool is_http2_broken_ = false;
  bool is_sending_ = false;
  bool is_reading_ = false;
  int worked_on_ = 0;  ///< Requests of HTTP/2 that a slow handler has.
  SteadyTime send_begun_;
  std::string output_;
};

}  // namespace

std::shared_ptr<HttpConnection> HttpConnection::make(ListenerSocket socket, HttpConnections& shared,
                                                     asio::thread_pool& slow_pool) {
  return std::make_shared<Connection>(std::move(socket), shared, slow_pool);
}

std::string http1_head(const HttpResponse& response, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(view_of(http::obsolete_reason(static_cast<http::status>(response.status))));
  each_header(response, [&](std::string_view name, std::string_view value) {
    head.append("\r\n").append(name).append(": ").append(value);
  });
  head += keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  return head;
}

}  // namespace millgate
