/// TLS of a client over a socket that does not block.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ground/error.h"

struct ssl_st;
struct ssl_ctx_st;

namespace millgate {

/// By which a client shows who it is; files in PEM. Empty: it shows nothing.
struct ClientCertificate {
  std::string certificate = {};  ///< The client's, then those above it.
  std::string key = {};          ///< Its private key, without a password.
};

/// TLS 1.2 and above to a server whose certificate is of an authority that this system trusts, or
/// of one in the file of SSL_CERT_FILE, and names the host. For one thread.
class TlsStream {
 public:
  /// Waits until the socket is ready for poll(2)'s `events`; false: not in time.
  using Wait = std::function<bool(short events)>;

  /// Shakes hands over `descriptor`, which outlives it. Errors: `outside` with what is wrong;
  /// `invalid_input` for files of `shown` that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<TlsStream>> connect(int descriptor,
                                                                  const std::string& host,
                                                                  const ClientCertificate& shown,
                                                                  const Wait& wait);
  /// Sends all of `bytes`. Errors: `outside`.
  [[nodiscard]] Status send(std::string_view bytes, const Wait& wait);
  /// How many bytes came; 0 at the end. Errors: `outside`.
  [[nodiscard]] Result<size_t> read(std::span<char> bytes, const Wait& wait);

 private:
  struct Free {
    void operator()(ssl_st* one) const;
    void operator()(ssl_ctx_st* one) const;
  };
  TlsStream() = default;
  /// What to do after a call gave `result`: waits, or fails.
  Status wait_for(int result, const Wait& wait);

  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> connection_;
};

}  // namespace millgate
