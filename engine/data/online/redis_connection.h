/// One connection to a Redis server: commands and their replies.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/online/redis_address.h"
#include "ground/error.h"

namespace millgate {

/// What the server answered. That it refused a command is an Error, not a reply.
struct RedisReply {
  enum class Kind { nothing, integer, text, list };
  Kind kind = Kind::nothing;
  int64_t integer = 0;
  std::string text;  ///< Bytes, or a status such as OK.
  std::vector<RedisReply> items;
};

using RedisCommand = std::vector<std::string_view>;

/// Move-only; one thread at a time. The process must ignore SIGPIPE, which a server that goes away
/// raises, as the program does.
class RedisConnection {
 public:
  /// The password comes from the environment, REDISCLI_AUTH. Certificates are checked against the
  /// system's, or SSL_CERT_FILE, and against the host's name.
  /// Errors: `outside` naming the address and the next step.
  [[nodiscard]] static Result<RedisConnection> open(const RedisAddress& address,
                                                    std::chrono::milliseconds wait_max);
  RedisConnection(RedisConnection&&) noexcept;
  RedisConnection& operator=(RedisConnection&&) noexcept;
  ~RedisConnection();

  /// Sends all commands at once and gives a reply each. Errors: `outside` with the server's words
  /// for the first that it refused, also inside of an EXEC; or when the connection broke, see
  /// `is_broken`.
  [[nodiscard]] Result<std::vector<RedisReply>> ask_all(const std::vector<RedisCommand>& commands);
  [[nodiscard]] Result<RedisReply> ask(const RedisCommand& command);

  /// No reply can come any more; what the last command did is not known.
  [[nodiscard]] bool is_broken() const;
  /// How long the server may take for a reply from now on.
  void set_wait_max(std::chrono::milliseconds wait_max);

 private:
  struct State;
  explicit RedisConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millgate
