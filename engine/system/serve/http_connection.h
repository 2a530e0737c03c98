/// One client of the listener, and what all of them share. Include in .cc files only.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "system/serve/http_listener.h"
#include "system/serve/message.h"
#include "system/serve/server.h"
#include "system/serve/telemetry.h"
#include "system/serve/tls_certificate.h"

namespace millgate {

using ListenerStrand = boost::asio::strand<boost::asio::io_context::executor_type>;
using ListenerSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, ListenerStrand>;

class HttpConnection;

/// What connections share. Outlives them.
struct HttpConnections {
  ServerOptions options;
  HttpHandler handler;
  Telemetry* telemetry = nullptr;
  std::unique_ptr<TlsFollower> tls;  ///< Null: plain HTTP.
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable all_gone;
  std::set<HttpConnection*> living;  ///< Guarded by `mutex`.
};

/// One client, in HTTP/1 or HTTP/2 as its first bytes or its TLS say. All its work runs on the
/// strand of its socket; it lives as long as work is under way.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// `shared` and `slow_pool`, where slow handlers run, outlive it.
  [[nodiscard]] static std::shared_ptr<HttpConnection> make(ListenerSocket socket,
                                                            HttpConnections& shared,
                                                            boost::asio::thread_pool& slow_pool);
  virtual ~HttpConnection() = default;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  virtual void start() = 0;
  /// Ends once what has begun is answered. From any thread.
  virtual void stop() = 0;
  /// Ends at once. From any thread.
  virtual void cut_off() = 0;

 protected:
  HttpConnection() = default;
};

/// An answer of HTTP/1 up to its body.
[[nodiscard]] std::string http1_head(const HttpResponse& response, bool keep_alive);

}  // namespace millgate
