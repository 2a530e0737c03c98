#include "system/serve/http_listener.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <thread>
#include <vector>

#include "ground/clock.h"
#include "system/serve/http_connection.h"

namespace millgate {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCodeOf = boost::system::error_code;

}  // namespace

struct HttpListener::State {
  // In the order in which they must outlive each other: connections use all of these.
  HttpConnections shared;
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
  void on_accept(const ErrorCodeOf& error, ListenerSocket socket);
  void take(ListenerSocket socket);
  void refuse(ListenerSocket socket);
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
  acceptor.async_accept(asio::make_strand(io.get_executor()),
                        [this](const ErrorCodeOf& error, ListenerSocket socket) {
                          on_accept(error, std::move(socket));
                        });
}

void HttpListener::State::on_accept(const ErrorCodeOf& error, ListenerSocket socket) {
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

void HttpListener::State::take(ListenerSocket socket) {
  if (shared.telemetry->connections.load() >= shared.options.connections_max) {
    return refuse(std::move(socket));
  }
  HttpConnection::make(std::move(socket), shared, slow_pool)->start();
}

void HttpListener::State::refuse(ListenerSocket socket) {
  const HttpResponse response = error_response(
      503, Error{.code = ErrorCode::overloaded,
                 .what = "the server is at its bound of " +
                         std::to_string(shared.options.connections_max) + " connections",
                 .hint = "try again after the time in Retry-After"});
  shared.telemetry->count(Route::other, 503, 0);
  // Nobody could read it in the middle of a handshake.
  if (shared.tls) return;
  const std::string text = http1_head(response, false) + response.body;
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
    ListenerSocket socket(asio::make_strand(io.get_executor()));
    acceptor.accept(socket, error);
    if (!error) take(std::move(socket));
  }
  acceptor.close(error);
  pause.cancel();
}

template <typename Act>
void HttpListener::State::each_connection(const Act& act) {
  // Not under the lock: the last hold on a connection may end here, and its end takes the lock.
  std::vector<std::shared_ptr<HttpConnection>> living;
  {
    const std::scoped_lock lock(shared.mutex);
    for (HttpConnection* connection : shared.living) {
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
  each_connection([](HttpConnection& connection) { connection.stop(); });
  {
    std::unique_lock lock(shared.mutex);
    shared.all_gone.wait_for(lock, shared.options.stop_timeout,
                             [&] { return shared.living.empty(); });
  }
  each_connection([](HttpConnection& connection) { connection.cut_off(); });
  slow_pool.join();
  {
    std::unique_lock lock(shared.mutex);
    shared.all_gone.wait_for(lock, std::chrono::milliseconds(200),
                             [&] { return shared.living.empty(); });
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
