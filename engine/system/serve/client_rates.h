/// How often each client of a server may ask.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace millgate {

/// Counts requests by client, as the generic cell rate algorithm does (ITU-T I.371, the leaky
/// bucket as a meter): a client may ask `per_second` times a second in the long run, and after a
/// pause as often at once as in one second, at least once. Any number of threads.
///
/// Remembers the clients that asked lately, `kClientsMax` at most. Beyond, new ones are let
/// through: a crowd is held by the bounds of the server, and not by shutting out who comes last.
class ClientRates {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr size_t kClientsMax = 65'536;

  /// Counts one request of `client`. Returns zero when it may be answered; else it is not counted,
  /// and this is how long it would have to wait. `per_second` is above 0.
  [[nodiscard]] std::chrono::microseconds take(std::string_view client, double per_second,
                                               Time now);

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  /// Clients are spread over parts, so that requests seldom wait for each other.
  struct Part {
    std::mutex mutex;
    /// When each client has used up nothing any more.
    std::unordered_map<std::string, Time, TextHash, std::equal_to<>> full_at;
  };
  static constexpr size_t kParts = 64;

  std::array<Part, kParts> parts_;
};

}  // namespace millgate
