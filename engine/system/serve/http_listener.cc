#include "system/serve/http_listener.h"

#include <sys/socket.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "ground/clock.h"
#include "system/serve/tls_certificate.h"

namespace millgate {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using ErrorCodeOf = boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<tcp, Strand>;

constexpr size_t kReadBytes = 16 << 10;
/// Of the first read of a connection: ten thousand that say nothing cost 40 MB.
constexpr size_t kFirstReadBytes = 4 << 10;
/// How long a connection that never sent a request may still send one after `stop`.
constexpr std::chrono::milliseconds kLastChance{250};
/// How long a client may go on sending what nobody reads, so that it gets the answer before.
constexpr std::chrono::milliseconds kLingerTimeout{2'000};

std::string_view reason_of(int status) {
  return http::obsolete_reason(static_cast<http::status>(status));
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"; written once a second by each thread.
const std::string& date_header() {
  thread_local std::time_t written = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != written || text.empty()) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    written = now;
  }
  return text;
}

std::string head_of(const HttpResponse& response, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(reason_of(response.status));
  head += "\r\nServer: millgate\r\nDate: " + date_header() + "\r\nContent-Type: ";
  head.append(response.content_type);
  head += "\r\nContent-Length: " + std::to_string(response.body.size());
  if (!response.request_id.empty()) head += "\r\nX-Request-Id: " + response.request_id;
  if (response.wants_token) head += "\r\nWWW-Authenticate: Bearer realm=\"millgate\"";
  if (!response.allow.empty()) head.append("\r\nAllow: ").append(response.allow);
  if (response.inference_header_bytes > 0) {
    head += "\r\nInference-Header-Content-Length: ";
    head += std::to_string(response.inference_header_bytes);
  }
  if (response.retry_after_seconds > 0) {
    head += "\r\nRetry-After: " + std::to_string(response.retry_after_seconds);
  }
  head += keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  return head;
}

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

HttpResponse too_many_slow(int slow_requests_max) {
  return error_response(
      429, Error{.code = ErrorCode::overloaded,
                 .what = "the server is at its bound of " + std::to_string(slow_requests_max) +
                         " requests that take long",
                 .hint = "try again after the time in Retry-After"});
}

class Connection;

/// What connections share. Outlives them.
struct Shared {
  ServerOptions options;
  HttpHandler handler;
  Telemetry* telemetry = nullptr;
  std::unique_ptr<TlsFollower> tls;  ///< Null: plain HTTP.
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable all_gone;
  std::set<Connection*> connections;  ///< Guarded by `mutex`.
};

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

/// One client. All its work runs on one strand; it lives as long as work is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, Shared& shared, asio::thread_pool& slow_pool)
      : socket_(std::move(socket)),
        tick_(socket_.get_executor()),
        slow_pool_(slow_pool),
        shared_(shared),
        buffer_(shared.options.header_bytes_max + 2 * kReadBytes) {
    shared_.telemetry->connections.fetch_add(1);
    const std::scoped_lock lock(shared_.mutex);
    shared_.connections.insert(this);
  }

  ~Connection() {
    leave_flight();
    shared_.telemetry->connections.fetch_sub(1);
    const std::scoped_lock lock(shared_.mutex);
    shared_.connections.erase(this);
    if (shared_.connections.empty()) shared_.all_gone.notify_all();
  }

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
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

  /// From any thread.
  void stop() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->on_stop(); });
  }
  void cut_off() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
  }

 private:
  enum class Phase { handshake, idle, header, body, answering, lingering, closed };

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
    tick_.async_wait([self = shared_from_this()](const ErrorCodeOf& error) {
      if (error || self->phase_ == Phase::closed) return;
      if (std::chrono::steady_clock::now() >= self->deadline_) self->on_deadline();
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
    tls_->async_handshake(
        asio::ssl::stream_base::server, [self = shared_from_this()](const ErrorCodeOf& error) {
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
    leave_flight();
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
    async_read(buffer_.prepare(std::min(wanted, buffer_.max_size() - buffer_.size())),
               [self = shared_from_this()](const ErrorCodeOf& error, size_t bytes) {
                 self->on_read(error, bytes);
               });
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
    in_flight_ = true;
    const int64_t before = shared_.telemetry->requests_in_flight.fetch_add(1);
    if (before >= shared_.options.requests_max) {
      fail(error_response(
          429, Error{.code = ErrorCode::overloaded,
                     .what = "the server is at its bound of " +
                             std::to_string(shared_.options.requests_max) + " requests at once",
                     .hint = "try again after the time in Retry-After"}));
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
    async_send(asio::buffer(kContinue),
               [self = shared_from_this()](const ErrorCodeOf& error, size_t) {
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
    request.request_id = view_of(message["X-Request-Id"]);
    request.content_encoding = view_of(message[http::field::content_encoding]);
    request.content_type = view_of(message[http::field::content_type]);
    request.accept = view_of(message[http::field::accept]);
    request.authorization = view_of(message[http::field::authorization]);
    request.host = view_of(message[http::field::host]);
    request.client_name = client_name_;
    request.client_address = client_address_;
    request.is_from_here = is_from_here_;
    request.is_forwarded = message.count(http::field::forwarded) > 0 ||
                           message.count("X-Forwarded-For") > 0 || message.count("X-Real-IP") > 0 ||
                           message.count(http::field::via) > 0;
    request.inference_header_length = view_of(message["Inference-Header-Content-Length"]);
    request.headers = &message;
    request.find_header = [](const void* headers, std::string_view name) {
      const auto& sent = *static_cast<const http::request<http::string_body>*>(headers);
      return view_of(sent[beast::string_view(name.data(), name.size())]);
    };
    return request;
  }

  /// The refusal of a request whose client has given up on it by `now`: X-Request-Timeout says
  /// when.
  std::optional<HttpResponse> past_patience(SteadyTime now) const {
    const std::string_view text = view_of(parser_->get()["X-Request-Timeout"]);
    if (text.empty()) return std::nullopt;
    const Result<int64_t> micros = parse_duration_micros(text);
    if (!micros.ok()) {
      return error_response(400, invalid_input("X-Request-Timeout: " + micros.error().what,
                                               "write a duration as in 250ms"));
    }
    if (now - begun_ <= std::chrono::microseconds(*micros)) return std::nullopt;
    return error_response(504, Error{.code = ErrorCode::overloaded,
                                     .what = "the request waited longer than its X-Request-Timeout",
                                     .hint = "nothing was done; give it more time, or ask later"});
  }

  /// An exception (no memory, most likely) costs this request, not the server.
  HttpResponse answer() const {
    try {
      return shared_.handler.answer(request());
    } catch (const std::exception& exception) {
      return error_response(500, bug(std::string("the request failed: ") + exception.what()));
    }
  }

  void handle() {
    // Handlers are not bounded in time; the client's patience is.
    enter(Phase::answering, std::chrono::hours(1));
    received_ = entered_;
    if (auto refused = past_patience(received_)) return respond(*std::move(refused));
    if (!shared_.handler.is_slow(request())) return respond(answer());
    std::atomic<int64_t>& slow_requests = shared_.telemetry->slow_requests;
    if (slow_requests.fetch_add(1) >= shared_.options.slow_requests_max) {
      slow_requests.fetch_sub(1);
      return respond(too_many_slow(shared_.options.slow_requests_max));
    }
    asio::post(slow_pool_, [self = shared_from_this(), &slow_requests] {
      // Nobody waits any more for what waited too long.
      auto refused = self->past_patience(std::chrono::steady_clock::now());
      auto response =
          std::make_shared<HttpResponse>(refused ? *std::move(refused) : self->answer());
      slow_requests.fetch_sub(1);
      asio::post(self->socket_.get_executor(),
                 [self, response] { self->respond(std::move(*response)); });
    });
  }

  /// Answers a request that was not read to its end, then ends the connection.
  void fail(HttpResponse response) {
    received_ = std::chrono::steady_clock::now();
    timed_out_ = false;
    response.close = true;
    respond(std::move(response));
  }

  void respond(HttpResponse response) {
    if (phase_ == Phase::closed) return;
    enter(Phase::answering, shared_.options.body_timeout);
    const auto taken = std::chrono::steady_clock::now() - received_;
    shared_.telemetry->count(response.route, response.status,
                             std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
    const bool keep_alive =
        !response.close && !shared_.stopping && parser_->is_done() && parser_->get().keep_alive();
    response_ = std::move(response);
    head_ = head_of(response_, keep_alive);
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(head_),
                                                     asio::buffer(response_.body)};
    async_send(parts, [self = shared_from_this(), keep_alive](const ErrorCodeOf& error, size_t) {
      if (error) return self->close();
      if (keep_alive) return self->next_request();
      self->linger();
    });
  }

  void leave_flight() {
    if (in_flight_) shared_.telemetry->requests_in_flight.fetch_sub(1);
    in_flight_ = false;
  }

  /// Closes our side and reads what still comes: closing at once would reset the connection,
  /// and the client could lose the answer.
  void linger() {
    leave_flight();
    if (phase_ == Phase::closed) return;
    enter(Phase::lingering, kLingerTimeout);
    buffer_.clear();
    if (!tls_) return end_sending();
    // Says that this was all, then waits for the other side as without TLS.
    ::SSL_set_shutdown(tls_->native_handle(), SSL_RECEIVED_SHUTDOWN);
    tls_->async_shutdown([self = shared_from_this()](const ErrorCodeOf&) { self->end_sending(); });
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
                            [self = shared_from_this()](const ErrorCodeOf& error, size_t) {
                              if (error) return self->close();
                              if (self->phase_ != Phase::closed) self->discard();
                            });
  }

  Socket socket_;
  std::shared_ptr<TlsCertificate> certificate_;  ///< Outlives `tls_`.
  std::optional<asio::ssl::stream<Socket&>> tls_;
  std::string client_name_;
  asio::steady_timer tick_;
  asio::thread_pool& slow_pool_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Phase phase_ = Phase::idle;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime entered_;   ///< When the phase began.
  SteadyTime begun_;     ///< When the first byte of the request came.
  SteadyTime received_;  ///< When the last one did.
  bool timed_out_ = false;
  bool in_flight_ = false;
  bool had_request_ = false;
  bool said_continue_ = false;
  bool is_from_here_ = false;
  std::string client_address_;
  std::string head_;
  HttpResponse response_;
};

}  // namespace

struct HttpListener::State {
  // In the order in which they must outlive each other: connections use all of these.
  Shared shared;
  asio::thread_pool slow_pool{1};
  asio::io_context io;
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::vector<std::thread> threads;
  uint16_t port = 0;
  std::once_flag stopped;

  Status listen();
  /// Listens at a socket that was handed over.
  Status adopt(int socket);
  void accept();
  void on_accept(const ErrorCodeOf& error, Socket socket);
  void take(Socket socket);
  void refuse(Socket socket);
  /// Takes what the system has accepted for us already, then accepts no more.
  void end_accepting();
  template <typename Act>
  void each_connection(const Act& act);
  void stop();
};

Status HttpListener::State::adopt(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int is_listening = 0;
  socklen_t flag_size = sizeof is_listening;
  void* const pointer = &address;
  const bool is_usable =
      ::getsockname(socket, static_cast<sockaddr*>(pointer), &size) == 0 &&
      (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
      ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag_size) == 0 &&
      is_listening != 0;
  ErrorCodeOf error;
  if (is_usable) {
    acceptor.assign(address.ss_family == AF_INET ? tcp::v4() : tcp::v6(), socket, error);
  }
  if (!is_usable || error) {
    return invalid_input(
        "descriptor " + std::to_string(socket) + " that was handed over is no listening TCP socket",
        "hand over one stream socket, or start without LISTEN_FDS");
  }
  port = acceptor.local_endpoint().port();
  return {};
}

Status HttpListener::State::listen() {
  const ServerOptions& options = shared.options;
  if (options.listening_socket >= 0) return adopt(options.listening_socket);
  ErrorCodeOf error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    return invalid_input("address `" + options.address + "` is no IP address",
                         "127.0.0.1 is this machine only, 0.0.0.0 is every network");
  }
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return outside_failure("cannot listen on " + options.address + ":" +
                               std::to_string(options.port) + ": " + error.message(),
                           "choose another port, or 0 for any free one");
  }
  port = acceptor.local_endpoint().port();
  return {};
}

void HttpListener::State::accept() {
  acceptor.async_accept(
      asio::make_strand(io.get_executor()),
      [this](const ErrorCodeOf& error, Socket socket) { on_accept(error, std::move(socket)); });
}

void HttpListener::State::on_accept(const ErrorCodeOf& error, Socket socket) {
  if (!error) {
    take(std::move(socket));
  } else if (error == asio::error::operation_aborted || !acceptor.is_open()) {
    return;
  } else if (error != asio::error::connection_aborted) {
    // No file handles left, most likely: others must end first.
    pause.expires_after(std::chrono::milliseconds(50));
    pause.async_wait([this](const ErrorCodeOf& cancelled) {
      if (!cancelled && acceptor.is_open()) accept();
    });
    return;
  }
  if (acceptor.is_open()) accept();
}

void HttpListener::State::take(Socket socket) {
  if (shared.telemetry->connections.load() >= shared.options.connections_max) {
    return refuse(std::move(socket));
  }
  std::make_shared<Connection>(std::move(socket), shared, slow_pool)->start();
}

void HttpListener::State::refuse(Socket socket) {
  const HttpResponse response = error_response(
      503, Error{.code = ErrorCode::overloaded,
                 .what = "the server is at its bound of " +
                         std::to_string(shared.options.connections_max) + " connections",
                 .hint = "try again after the time in Retry-After"});
  shared.telemetry->count(Route::other, 503, 0);
  // Nobody could read it in the middle of a handshake.
  if (shared.tls) return;
  const std::string text = head_of(response, false) + response.body;
  // A fresh socket takes so few bytes at once; whoever cannot take them gets none.
  ErrorCodeOf ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void HttpListener::State::end_accepting() {
  ErrorCodeOf error;
  acceptor.cancel(error);
  acceptor.non_blocking(true, error);
  // At a socket that was handed over others go on listening: it is not ours to empty.
  while (!error && shared.options.listening_socket < 0) {
    Socket socket(asio::make_strand(io.get_executor()));
    acceptor.accept(socket, error);
    if (!error) take(std::move(socket));
  }
  acceptor.close(error);
  pause.cancel();
}

template <typename Act>
void HttpListener::State::each_connection(const Act& act) {
  // Not under the lock: the last hold on a connection may end here, and its end takes the lock.
  std::vector<std::shared_ptr<Connection>> living;
  {
    const std::scoped_lock lock(shared.mutex);
    for (Connection* connection : shared.connections) {
      if (auto held = connection->weak_from_this().lock()) living.push_back(std::move(held));
    }
  }
  for (const auto& connection : living) act(*connection);
}

void HttpListener::State::stop() {
  shared.stopping = true;
  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;
  // The acceptor is used from one thread at a time: from the pool.
  asio::post(io, [&] {
    end_accepting();
    const std::scoped_lock lock(mutex);
    has_ended = true;
    ended.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return has_ended; });
  }
  each_connection([](Connection& connection) { connection.stop(); });
  {
    std::unique_lock lock(shared.mutex);
    shared.all_gone.wait_for(lock, shared.options.stop_timeout,
                             [&] { return shared.connections.empty(); });
  }
  each_connection([](Connection& connection) { connection.cut_off(); });
  slow_pool.join();
  {
    std::unique_lock lock(shared.mutex);
    shared.all_gone.wait_for(lock, std::chrono::milliseconds(200),
                             [&] { return shared.connections.empty(); });
  }
  io.stop();
  for (std::thread& thread : threads) thread.join();
}

HttpListener::HttpListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpListener::~HttpListener() { stop(); }

Result<std::unique_ptr<HttpListener>> HttpListener::start(const ServerOptions& options,
                                                          HttpHandler handler,
                                                          Telemetry& telemetry) {
  auto state = std::make_unique<State>();
  state->shared.options = options;
  state->shared.handler = std::move(handler);
  state->shared.telemetry = &telemetry;
  if (!options.tls.certificate.empty()) {
    MILLGATE_ASSIGN(state->shared.tls, TlsFollower::start(options.tls, telemetry));
  }
  MILLGATE_TRY(state->listen());
  state->accept();
  const auto processors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : processors;
  for (int i = 0; i < threads; ++i) {
    state->threads.emplace_back([raw = state.get()] { raw->io.run(); });
  }
  return std::unique_ptr<HttpListener>(new HttpListener(std::move(state)));
}

uint16_t HttpListener::port() const { return state_->port; }

std::optional<Time> HttpListener::certificate_ends() const {
  if (!state_->shared.tls) return std::nullopt;
  return Time{state_->shared.tls->get()->ends_seconds * 1'000'000};
}

void HttpListener::stop() {
  std::call_once(state_->stopped, [this] { state_->stop(); });
}

}  // namespace millgate
