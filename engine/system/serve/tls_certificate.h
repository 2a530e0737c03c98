/// The certificate by which the server shows who it is, read again when its files change.
/// Include in .cc files only.
#pragma once

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "ground/error.h"
#include "system/serve/server.h"
#include "system/serve/telemetry.h"

namespace millgate {

/// A certificate as it was read. Connections keep theirs until they end.
struct TlsCertificate {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
  int64_t ends_seconds = 0;  ///< When it expires, as Unix time.
};

/// TLS 1.2 and above, ALPN h2 and http/1.1; with `client_ca`, only clients with a certificate of
/// it. Errors, each naming the file: `invalid_input` for what is no certificate or key, a key that
/// belongs to another certificate, one that has expired or does not hold yet; those of reading.
[[nodiscard]] Result<std::shared_ptr<TlsCertificate>> read_certificate(const TlsFiles& files);

/// Follows the files in a thread of its own. A renewal that cannot be used leaves the certificate
/// before in place, and is tried again at the next change. Thread-safe; `get` waits for nothing.
class TlsFollower {
 public:
  /// Errors: of read_certificate.
  /// Tells `telemetry`, which outlives it, how the certificate stands.
  [[nodiscard]] static Result<std::unique_ptr<TlsFollower>> start(
      const TlsFiles& files, Telemetry& telemetry,
      std::chrono::milliseconds every = std::chrono::seconds(1));
  ~TlsFollower();  ///< Stops.
  TlsFollower(const TlsFollower&) = delete;
  TlsFollower& operator=(const TlsFollower&) = delete;

  [[nodiscard]] std::shared_ptr<TlsCertificate> get() const { return now_.load(); }
  /// Why the files cannot be used as they are now; empty when they can.
  [[nodiscard]] std::string trouble() const;

 private:
  TlsFollower(TlsFiles files, Telemetry& telemetry, std::chrono::milliseconds every);
  void run();
  void look();

  TlsFiles files_;
  Telemetry& telemetry_;
  std::chrono::milliseconds every_;
  std::string seen_;  ///< Of the files: who they were when they were read last.
  std::atomic<std::shared_ptr<TlsCertificate>> now_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string trouble_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace millgate
