/// Where a Redis server is, as an address that people write.
#pragma once

#include <string>
#include <string_view>

#include "ground/error.h"

namespace millgate {

/// `redis://[USER@]HOST[:PORT][/DATABASE]`, `rediss://` for TLS, or `unix://PATH`: the forms of
/// redis-cli and the Redis clients.
struct RedisAddress {
  std::string text;    ///< As it was written; holds no password.
  std::string host;    ///< Empty: `socket` counts.
  std::string socket;  ///< Path of a Unix socket.
  std::string user;    ///< Empty: the default one.
  int port = 6379;
  int database = 0;
  bool is_tls = false;
};

/// Errors: `invalid_input`, also for a password, which belongs into the environment.
[[nodiscard]] Result<RedisAddress> read_redis_address(std::string_view text);

}  // namespace millgate
