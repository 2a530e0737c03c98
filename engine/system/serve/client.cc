#include "system/serve/client.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cerrno>
#include <cstring>
#include <optional>

#include "ground/descriptor.h"
#include "system/serve/tls_stream.h"

namespace millgate {

namespace {

namespace http = boost::beast::http;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr size_t kReadBytes = 64 << 10;
/// Answers are not bounded by the server's limits on requests.
constexpr uint64_t kAnswerBytesMax = 1ULL << 31;

/// Whether `descriptor` is ready for `events` before `deadline`.
bool wait_ready(int descriptor, short events, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wanted{.fd = descriptor, .events = events, .revents = 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool would_block(int error_number) {
  return error_number == EAGAIN || error_number == EINTR;  // Linux: EWOULDBLOCK is EAGAIN.
}

/// Connects to one address; nothing when it does not answer.
std::optional<Descriptor> connect_to(const addrinfo& address, SteadyTime deadline) {
  Descriptor descriptor(::socket(
      address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (!descriptor.is_open()) return std::nullopt;
  if (::connect(descriptor.number(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS || !wait_ready(descriptor.number(), POLLOUT, deadline)) {
      return std::nullopt;
    }
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(descriptor.number(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) {
      errno = failure;
      return std::nullopt;
    }
  }
  const int on = 1;
  ::setsockopt(descriptor.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

}  // namespace

struct HttpClient::State {
  std::string host;
  std::string port;
  std::string authority;  ///< For the Host header.
  std::string base;       ///< Put before every target.
  std::chrono::milliseconds timeout{};
  bool uses_tls = false;
  ClientCertificate shown;
  Descriptor descriptor;
  std::unique_ptr<TlsStream> tls;  ///< Over `descriptor`; null: plain HTTP.
  std::string unread;              ///< Bytes after the last answer.
  bool got_bytes = false;

  Result<HttpAnswer> exchange(const std::string& request);
  Status connect(SteadyTime deadline);
  Status shake_hands(SteadyTime deadline);
  void disconnect() {
    tls.reset();
    descriptor.close();
  }
  TlsStream::Wait wait_until(SteadyTime deadline) const {
    return [number = descriptor.number(), deadline](short events) {
      return wait_ready(number, events, deadline);
    };
  }
  Status send(std::string_view bytes, SteadyTime deadline);
  Result<HttpAnswer> receive(SteadyTime deadline);
  /// Reads into `unread`; false at the end of the stream.
  Result<bool> read_some(SteadyTime deadline);
  Error failure(const std::string& fault) const {
    return outside_failure(
        "server " + std::string(uses_tls ? "https://" : "http://") + authority + ": " + fault,
        uses_tls ? "is it running, and does it want a certificate (--tls-cert) that it knows?"
                 : "is it running? `millgate serve` starts one");
  }
};

Status HttpClient::State::connect(SteadyTime deadline) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); error != 0) {
    return failure(std::string("its name cannot be resolved: ") + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  errno = ETIMEDOUT;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    if (auto connected = connect_to(*address, deadline)) {
      descriptor = std::move(*connected);
      unread.clear();
      return uses_tls ? shake_hands(deadline) : Status();
    }
  }
  return failure(std::string("cannot connect: ") + std::strerror(errno));
}

Status HttpClient::State::shake_hands(SteadyTime deadline) {
  auto shaken = TlsStream::connect(descriptor.number(), host, shown, wait_until(deadline));
  if (shaken.ok()) {
    tls = *std::move(shaken);
    return {};
  }
  disconnect();
  if (shaken.error().code == ErrorCode::invalid_input) return shaken.error();
  Error error = failure(shaken.error().what);
  error.hint = "SSL_CERT_FILE names a file of authorities to trust";
  if (shown.certificate.empty()) error.hint += "; this client shows no certificate";
  return error;
}

Status HttpClient::State::send(std::string_view bytes, SteadyTime deadline) {
  if (tls) {
    const Status sent = tls->send(bytes, wait_until(deadline));
    return sent.ok() ? sent : Status(failure(sent.error().what));
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (!would_block(errno)) {
      return failure(std::string("cannot send: ") + std::strerror(errno));
    } else if (!wait_ready(descriptor.number(), POLLOUT, deadline)) {
      return failure("it does not take the request in time");
    }
  }
  return {};
}

Result<bool> HttpClient::State::read_some(SteadyTime deadline) {
  char bytes[kReadBytes];
  if (tls) {
    const Result<size_t> count = tls->read(bytes, wait_until(deadline));
    if (!count.ok()) return failure(count.error().what);
    unread.append(bytes, *count);
    got_bytes = got_bytes || *count > 0;
    return *count > 0;
  }
  while (true) {
    const ssize_t count = ::recv(descriptor.number(), bytes, sizeof bytes, 0);
    if (count > 0) {
      unread.append(bytes, static_cast<size_t>(count));
      got_bytes = true;
      return true;
    }
    if (count == 0) return false;
    if (!would_block(errno)) return failure(std::string("cannot read: ") + std::strerror(errno));
    if (!wait_ready(descriptor.number(), POLLIN, deadline)) {
      return failure("no answer within " + std::to_string(timeout.count()) + " ms");
    }
  }
}

Result<HttpAnswer> HttpClient::State::receive(SteadyTime deadline) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(kAnswerBytesMax);
  while (!parser.is_done()) {
    boost::system::error_code error;
    if (!unread.empty()) {
      const size_t used = parser.put(boost::asio::buffer(unread), error);
      unread.erase(0, used);
      if (error && error != http::error::need_more) {
        return failure("its answer is not HTTP: " + error.message());
      }
      if (parser.is_done()) break;
    }
    MILLGATE_ASSIGN(const bool more, read_some(deadline));
    if (more) continue;
    if (!parser.got_some()) return failure("it closed the connection without an answer");
    parser.put_eof(error);
    if (error) return failure("its answer ends in the middle");
  }
  HttpAnswer answer;
  answer.status = static_cast<int>(parser.get().result_int());
  const auto type = parser.get()[http::field::content_type];
  answer.content_type.assign(type.data(), type.size());
  if (!parser.get().keep_alive()) disconnect();
  answer.body = std::move(parser.get().body());
  return answer;
}

Result<HttpAnswer> HttpClient::State::exchange(const std::string& request) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  const bool is_reused = descriptor.is_open();
  if (!is_reused) MILLGATE_TRY(connect(deadline));
  got_bytes = false;
  const auto attempt = [&]() -> Result<HttpAnswer> {
    MILLGATE_TRY(send(request, deadline));
    return receive(deadline);
  };
  Result<HttpAnswer> answer = attempt();
  if (!answer.ok() && is_reused && !got_bytes && std::chrono::steady_clock::now() < deadline) {
    // The server closed an idle connection just before: it has not seen the request.
    disconnect();
    MILLGATE_TRY(connect(deadline));
    answer = attempt();
  }
  if (!answer.ok()) disconnect();
  return answer;
}

namespace {

Error bad_url(const std::string& url) {
  return invalid_input("URL `" + url + "` is not understood",
                       "write http://host:port or https://host:port, for example "
                       "http://127.0.0.1:8080");
}

std::string request_text(std::string_view method, const std::string& authority,
                         const std::string& target, std::string_view body,
                         const HttpClient::Headers& headers) {
  std::string text(method);
  text += " " + (target.empty() ? std::string("/") : target) + " HTTP/1.1\r\nHost: " + authority;
  for (const auto& [name, value] : headers) text += "\r\n" + name + ": " + value;
  if (method == "POST") {
    text += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  }
  text += "\r\n\r\n";
  text += body;
  return text;
}

}  // namespace

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::open(const std::string& url, std::chrono::milliseconds timeout,
                                    ClientCertificate shown) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kTls = "https://";
  auto state = std::make_unique<State>();
  state->timeout = timeout;
  state->shown = std::move(shown);
  state->uses_tls = url.starts_with(kTls);
  if (!state->uses_tls && !url.starts_with(kPlain)) return bad_url(url);
  const std::string rest = url.substr(state->uses_tls ? kTls.size() : kPlain.size());
  const size_t slash = rest.find('/');
  state->authority = rest.substr(0, slash);
  if (slash != std::string::npos) state->base = rest.substr(slash);
  while (state->base.ends_with('/')) state->base.pop_back();
  const std::string& authority = state->authority;
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  state->host = authority.substr(0, colon);
  const char* const usual = state->uses_tls ? "443" : "80";
  state->port = colon == std::string::npos ? usual : authority.substr(colon + 1);
  if (bracket != std::string::npos && state->host.starts_with('[')) {
    state->host = state->host.substr(1, bracket - 1);
  }
  const bool port_ok = !state->port.empty() && state->port.size() <= 5 &&
                       state->port.find_first_not_of("0123456789") == std::string::npos;
  if (state->host.empty() || !port_ok) return bad_url(url);
  return HttpClient(std::move(state));
}

Result<HttpAnswer> HttpClient::get(const std::string& target, const Headers& headers) {
  return state_->exchange(
      request_text("GET", state_->authority, state_->base + target, {}, headers));
}

Result<HttpAnswer> HttpClient::post(const std::string& target, std::string_view json,
                                    const Headers& headers) {
  return state_->exchange(
      request_text("POST", state_->authority, state_->base + target, json, headers));
}

}  // namespace millgate
