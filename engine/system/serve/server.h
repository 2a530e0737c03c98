/// The prediction server: HTTP and gRPC on one port, following what the ledger says serves.
///
/// Routes and messages: docs/guides/serving.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/online/online_store.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/artifact/model.h"

namespace millgate {

/// Files in PEM. Without a certificate plain HTTP is spoken.
struct TlsFiles {
  std::string certificate = {};  ///< The server's, then those above it.
  std::string key = {};          ///< Its private key, without a password.
  std::string client_ca = {};  ///< Only clients with a certificate of it are spoken to; empty: all.
};

/// An identity provider whose tokens are taken beside those of the ledger (OpenID Connect).
struct OidcOptions {
  std::string issuer = {};    ///< As its tokens name it, an URL; empty: there is none.
  std::string audience = {};  ///< By which its tokens mean this server.
  std::string keys = {};      ///< File or URL of its keys; empty: the issuer's discovery tells.
  std::string roles_claim = "roles";  ///< Where its tokens say the roles; dots go into objects.
};

/// Where spans and metrics are sent by OTLP over HTTP.
struct OtlpOptions {
  std::string endpoint = {};  ///< "http://127.0.0.1:4318"; empty: nowhere.
  std::vector<std::pair<std::string, std::string>> headers = {};   ///< May hold secrets.
  std::vector<std::pair<std::string, std::string>> resource = {};  ///< `service.name` and others.
  /// Of the requests whose caller does not say whether they are recorded; 0 to 1.
  double trace_share = 0.01;
  std::chrono::milliseconds metrics_every{60'000};
};

/// How to serve. The defaults suit one machine behind a proxy or alone.
struct ServerOptions {
  std::string address = "127.0.0.1";  ///< "0.0.0.0" or "::" opens it to the network.
  uint16_t port = 0;                  ///< 0: any free one; see Server::port.
  TlsFiles tls = {};
  /// A socket that listens already, handed over by who started the program; the server closes it.
  /// Its address counts then. What waits at it when the server stops is left for the next one.
  /// -1: none.
  int listening_socket = -1;
  int threads = 0;                     ///< 0: one a processor.
  size_t body_bytes_max = 16 << 20;    ///< Beyond it: 413.
  size_t header_bytes_max = 16 << 10;  ///< Beyond it: 431.
  size_t rows_max = 65'536;            ///< Rows in one request; beyond it: 413.
  int connections_max = 16'384;        ///< Beyond it: 503 with Retry-After, then closed.
  int requests_max = 1'024;            ///< Answered at once over all connections; beyond it: 429.
  /// Explanations, labels and pushed rows that wait for each other; beyond it: 429.
  int slow_requests_max = 64;
  /// Requests in a second of one client, known by its token, certificate or address; beyond it:
  /// 429. A token may have a rate of its own (NewAccessToken). 0: without a bound.
  double client_rate = 0;
  std::chrono::milliseconds header_timeout{10'000};  ///< First byte to the end of the header.
  std::chrono::milliseconds body_timeout{30'000};    ///< For the body, and to take the answer.
  std::chrono::milliseconds idle_timeout{60'000};    ///< Between two requests of a connection.
  std::chrono::milliseconds stop_timeout{10'000};    ///< For requests in flight at `stop`.
  std::chrono::milliseconds reload_every{100};       ///< How often the ledger is asked.
  std::chrono::milliseconds judge_every{1'000};      ///< How often a roll-out is saved and judged.
  std::string alias = {};           ///< Follows the model of this alias instead; see Followed.
  std::string operator_token = {};  ///< Who may POST /rollback; see RollbackAccess.
  bool wants_tokens = true;         ///< Where the ledger has tokens; false: anybody may ask.
  /// Paths besides those of docs/guides/serving.md, beginning with `/`, for platforms that choose
  /// them: one that answers as /invocations, and one as /ping. Empty: none.
  std::string predict_route = {};
  std::string health_route = {};
  bool log_predictions = true;  ///< Into the folder `predictions` of the project.
  OtlpOptions otlp = {};
  OidcOptions oidc = {};
  double log_share = 1;  ///< Of the requests that are logged; all of them are counted in sketches.
  size_t log_rows_max = 65'536;  ///< Rows waiting to be written; beyond it: lost, counted.
  /// Of several projects: bytes of their models' artifacts that are kept in memory; models that
  /// were not asked for the longest are loaded again when they are. 0: without a bound.
  int64_t memory_max = 0;
};

/// One of the projects of a server.
struct ProjectToServe {
  std::string name;  ///< Of its project file.
  std::shared_ptr<Repository> repository;
  std::string environment = {};  ///< Key of what is followed; empty: what is released.
  std::shared_ptr<OnlineStore> online = nullptr;  ///< Null: every input must be sent.
};

/// A running server. `stop` and the getters may be called from any thread.
class Server {
 public:
  /// Listens and serves what `repository`'s ledger says, from now on: a release or a rollback
  /// takes effect within `reload_every`, without a lost request. Until something is released,
  /// and while the released model cannot be loaded and none was before, it is not ready (503).
  /// Errors: `outside` when the address cannot be used; `invalid_input` for a bad address.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(std::shared_ptr<Repository> repository,
                                                             const ServerOptions& options);

  /// The same of several projects, each with its own ledger, logs and tokens; requests name theirs
  /// (project_router.h). Errors: also `invalid_input` for two projects of one name, or none.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(
      const std::vector<ProjectToServe>& projects, const ServerOptions& options);

  /// Serves `model` and nothing else; logs and feedback go to `folder`. For measuring a model
  /// before it is released. Errors: as `start`.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start_fixed(
      std::shared_ptr<const Model> model, const std::string& folder, const ServerOptions& options);

  ~Server();  ///< Stops.
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port that it listens on.
  [[nodiscard]] uint16_t port() const;
  /// "http://127.0.0.1:8080".
  [[nodiscard]] std::string url() const;
  /// Of each project.
  [[nodiscard]] bool has_model() const;
  /// Whether who asks must bring a token.
  [[nodiscard]] bool wants_tokens() const;
  /// When its certificate expires; nothing without TLS.
  [[nodiscard]] std::optional<Time> certificate_ends() const;
  /// "flights a1b2c3d4e5f6", of each project, or why none serves.
  [[nodiscard]] std::string serving_text() const;

  /// Stops accepting, finishes what was accepted (at most `stop_timeout`), flushes the log and
  /// returns. Idempotent. Must not be called from a signal handler.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millgate
