#include "data/online/redis_address.h"

#include <charconv>
#include <optional>

namespace millgate {
namespace {

constexpr int kPortMax = 65535;

std::optional<int> number_of(std::string_view digits, int max) {
  int number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, fault] = std::from_chars(digits.data(), end, number);
  if (fault != std::errc() || at != end || number < 0 || number > max) return std::nullopt;
  return number;
}

Error no_address(std::string_view text) {
  // Whatever stands before an @ may hold a password.
  const size_t secret = text.find('@');
  const std::string shown(secret == std::string_view::npos ? text : text.substr(secret));
  return invalid_input(
      "`" + shown + "` is no address of a Redis server",
      "write redis://HOST:PORT/DATABASE, rediss://HOST:PORT for TLS, or unix:///PATH/OF/SOCKET");
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// USER@ off the front of `rest`.
Status take_user(std::string_view& rest, RedisAddress& address) {
  const size_t at = rest.rfind('@');
  if (at == std::string_view::npos) return {};
  if (rest.substr(0, at).find(':') != std::string_view::npos) {
    return invalid_input(
        "the address of the Redis server holds a password, which everybody sees who may read "
        "the project file",
        "leave it out and set REDISCLI_AUTH, as for redis-cli");
  }
  address.user = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return {};
}

/// HOST[:PORT]; an IPv6 address in brackets.
bool read_host(std::string_view text, RedisAddress& address) {
  size_t end = text.find(':');
  if (take(text, "[")) {
    end = text.find(']');
    if (end == std::string_view::npos) return false;
    address.host = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (text.empty()) return true;
    end = 0;
  } else {
    address.host = text.substr(0, end);
  }
  if (address.host.empty()) return false;
  if (end == std::string_view::npos) return true;
  if (text[end] != ':') return false;
  const std::optional<int> port = number_of(text.substr(end + 1), kPortMax);
  if (!port || *port == 0) return false;
  address.port = *port;
  return true;
}

}  // namespace

Result<RedisAddress> read_redis_address(std::string_view text) {
  RedisAddress address;
  address.text = text;
  std::string_view rest = text;
  if (take(rest, "unix://")) {
    if (!rest.starts_with('/')) return no_address(text);
    address.socket = rest;
    return address;
  }
  address.is_tls = take(rest, "rediss://");
  if (!address.is_tls && !take(rest, "redis://")) return no_address(text);
  MILLGATE_TRY(take_user(rest, address));
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view digits = rest.substr(slash + 1);
    const std::optional<int> database = number_of(digits, 1 << 20);
    if (!digits.empty() && !database) return no_address(text);
    address.database = database.value_or(0);
    rest = rest.substr(0, slash);
  }
  if (!read_host(rest, address)) return no_address(text);
  return address;
}

}  // namespace millgate
