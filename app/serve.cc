#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "app/commands.h"
#include "app/going_live.h"
#include "app/otlp_environment.h"
#include "data/online/online_settings.h"
#include "system/serve/access_token.h"
#include "system/serve/server.h"
#include "system/ship/package.h"

namespace millgate {

namespace {

/// Serving needs the store only for inputs that are not sent, so without it all else goes on.
std::shared_ptr<OnlineStore> online_store(const Session& session, const Repository& repository) {
  const auto project = read_project(repository.project_folder(), session.overrides);
  const OnlineSettings settings = project.ok() ? project->online : OnlineSettings();
  const auto store = open_online_store(settings, repository.folder("online"));
  if (store.ok()) return *store;
  std::cerr << "note: features are not read by entity: " << store.error().what << '\n';
  return nullptr;
}

/// A setting that a platform gives by the environment (Vertex AI), unless it was given.
void take_variable(const char* variable, std::string& value) {
  if (!value.empty()) return;
  if (const char* given = std::getenv(variable); given != nullptr) value = given;
}

/// The socket that systemd, or who speaks its protocol (sd_listen_fds), handed over; -1: none.
/// Errors: `invalid_input` for more than one.
Result<int> handed_over_socket() {
  const char* const process = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  if (process == nullptr || count == nullptr || std::to_string(::getpid()) != process) return -1;
  if (std::string_view(count) != "1") {
    return invalid_input("LISTEN_FDS is `" + std::string(count) + "`",
                         "hand over one socket: one ListenStream in the socket unit");
  }
  constexpr int kFirst = 3;
  ::fcntl(kFirst, F_SETFD, FD_CLOEXEC);
  return kFirst;
}

/// Errors: `invalid_input` for a route that is no path.
Status check_route(const char* option, const std::string& route) {
  if (route.empty() || route.starts_with('/')) return {};
  return invalid_input(std::string(option) + " `" + route + "` does not begin with `/`",
                       "write a path, for example /v1/endpoints/7:predict");
}

/// The paths under which a platform asks, beside our own.
Status take_routes(ServerOptions& options) {
  take_variable("AIP_PREDICT_ROUTE", options.predict_route);
  take_variable("AIP_HEALTH_ROUTE", options.health_route);
  MILLGATE_TRY(check_route("--predict-route", options.predict_route));
  return check_route("--health-route", options.health_route);
}

/// A connection is an open file, and shells allow a thousand of them by habit. Refused: fewer
/// connections are carried.
void allow_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

/// The signals that end a server. Blocked before its threads exist, so that only `wait` sees them.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&ends_);
    sigaddset(&ends_, SIGINT);
    sigaddset(&ends_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends_, nullptr);
  }
  void wait() const {
    int ended_by = 0;
    sigwait(&ends_, &ended_by);
  }

 private:
  sigset_t ends_{};
};

void tell_where(const Session& session, const Server& server) {
  if (session.json) {
    std::cout << dump_json({{"url", server.url()}, {"serving", server.serving_text()}}) << '\n';
  } else {
    std::cout << (server.has_model() ? "serving " : "no model serves yet: ")
              << server.serving_text() << (server.has_model() ? " at " : "; listening at ")
              << server.url() << '\n';
  }
  std::cout.flush();
}

/// A certificate that ends soon is renewed too late by who does not hear of it.
void tell_certificate(const Server& server) {
  constexpr int64_t kDayMicros = 86'400'000'000;
  constexpr int64_t kSoonDays = 14;
  const std::optional<Time> ends = server.certificate_ends();
  if (!ends) return;
  const int64_t days = (ends->micros - system_clock().now().micros) / kDayMicros;
  std::cerr << (days < kSoonDays ? "warning: " : "note: ") << "the certificate expires at "
            << to_string(*ends) << ", in " << days << " days\n";
}

/// Whether other machines reach it. What is no address is named by who listens at it.
bool is_of_network(const std::string& address) {
  in6_addr parsed{};
  const bool is_address = ::inet_pton(AF_INET, address.c_str(), &parsed) == 1 ||
                          ::inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
  return is_address && !address.starts_with("127.") && address != "::1";
}

/// Plain HTTP to everybody may be meant, as in a container behind a proxy; then it is said.
Status check_open(const ServerOptions& options, bool wants_tokens, bool is_meant) {
  const bool is_safe = wants_tokens || !options.tls.certificate.empty();
  if (!is_of_network(options.address) || is_safe || is_meant) return {};
  return invalid_input(
      "serve: whoever reaches " + options.address + " could ask, unseen and unnamed",
      "give --tls-cert and --tls-key, make tokens (`millgate token give`), or say "
      "--open where a proxy or a network sees to that");
}

Status check_tls(const TlsFiles& tls) {
  if (tls.certificate.empty() == tls.key.empty() &&
      (tls.client_ca.empty() || !tls.certificate.empty())) {
    return {};
  }
  return invalid_input("serve: a certificate and its key are given together",
                       "give --tls-cert and --tls-key, and --tls-client-ca beside them");
}

/// To whom the server is open, where that may not be meant.
void tell_if_open(const Server& server, const ServerOptions& options) {
  const bool is_chosen = !options.tls.client_ca.empty() || server.wants_tokens();
  if (!is_of_network(options.address) || is_chosen) return;
  std::cerr << "note: whoever reaches " << options.address
            << " may ask for predictions; `millgate token "
            << "give NAME --role predict` makes it want a token\n";
}

void serve_until(const EndSignals& ends, Server& server) {
  ends.wait();
  std::cerr << "stopping: finishing what was accepted\n";
  server.stop();
}

/// Where a package was unpacked, and where its server may write.
struct PackagePlace {
  std::string folder;
  std::string state = "state";
};

/// What `serve` is asked for besides how to serve.
struct Asked {
  std::vector<std::string> projects;  ///< Folders; empty: the current project.
  std::string environment;
  bool is_open = false;
};

/// One of the projects, in its own folder.
Result<ProjectToServe> project_to_serve(const Session& session, const Asked& asked) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const auto project = read_project(repository->project_folder(), session.overrides);
  ProjectToServe one{.name = project.ok() ? project->name : std::string(),
                     .repository = repository};
  MILLGATE_ASSIGN(one.environment, environment_key(session, asked.environment));
  one.online = online_store(session, *repository);
  return one;
}

Result<std::vector<ProjectToServe>> projects_to_serve(const Session& session, const Asked& asked) {
  std::vector<ProjectToServe> projects;
  std::vector<Session> sessions(std::max<size_t>(asked.projects.size(), 1), session);
  for (size_t i = 0; i < asked.projects.size(); ++i) sessions[i].folder = asked.projects[i];
  for (const Session& one : sessions) {
    MILLGATE_ASSIGN(ProjectToServe project, project_to_serve(one, asked));
    projects.push_back(std::move(project));
  }
  return projects;
}

/// Whether nobody may ask without a token, of any of them.
Result<bool> want_tokens(const std::vector<ProjectToServe>& projects,
                         const ServerOptions& options) {
  if (!options.wants_tokens) return false;
  if (!options.oidc.issuer.empty()) return true;
  for (const ProjectToServe& project : projects) {
    MILLGATE_ASSIGN(const AccessTokens tokens, access_tokens(project.repository->ledger()));
    if (!tokens.are_wanted) return false;
  }
  return true;
}

Result<int> serve(const Session& session, ServerOptions options, const Asked& asked) {
  if (!asked.environment.empty() && !options.alias.empty()) {
    return invalid_input("serve: both --env and --alias are given", "give one of them");
  }
  if (const char* token = std::getenv("MILLGATE_OPERATOR_TOKEN"); token != nullptr) {
    options.operator_token = token;
  }
  MILLGATE_ASSIGN(options.listening_socket, handed_over_socket());
  MILLGATE_TRY(take_routes(options));
  if (!options.oidc.issuer.empty() && !options.wants_tokens) {
    return invalid_input("serve: both --oidc-issuer and --no-tokens are given", "give one of them");
  }
  MILLGATE_ASSIGN(const std::vector<ProjectToServe> projects, projects_to_serve(session, asked));
  MILLGATE_ASSIGN(const bool wants_tokens, want_tokens(projects, options));
  MILLGATE_TRY(check_open(options, wants_tokens, asked.is_open));
  const EndSignals ends;
  MILLGATE_ASSIGN(const std::unique_ptr<Server> server, Server::start(projects, options));
  tell_where(session, *server);
  tell_if_open(*server, options);
  tell_certificate(*server);
  for (const ProjectToServe& project : projects) {
    const auto live = serving(project.repository->ledger(), std::nullopt, project.environment);
    if (options.alias.empty() && live.ok() && *live) tell_override(**live);
  }
  serve_until(ends, *server);
  return kDone;
}

/// The model of an unpacked package and nothing else: there is no ledger to follow.
Result<int> serve_package(const Session& session, ServerOptions options, const Asked& asked,
                          const PackagePlace& place) {
  if (!options.alias.empty() || !asked.environment.empty() || !asked.projects.empty()) {
    return invalid_input(
        "projects, `--env` and `--alias` are not for a package: it holds one model",
        "millgate serve --package " + place.folder);
  }
  MILLGATE_ASSIGN(options.listening_socket, handed_over_socket());
  MILLGATE_TRY(take_routes(options));
  MILLGATE_TRY(check_open(options, !options.oidc.issuer.empty(), asked.is_open));
  MILLGATE_ASSIGN(const std::shared_ptr<const Model> model, open_package(place.folder));
  const EndSignals ends;
  MILLGATE_ASSIGN(const std::unique_ptr<Server> server,
                  Server::start_fixed(model, place.state, options));
  tell_where(session, *server);
  tell_certificate(*server);
  serve_until(ends, *server);
  return kDone;
}

}  // namespace

void add_serve(const Command& program, Session& session) {
  auto options = std::make_shared<ServerOptions>();
  options->port = 8080;
  auto asked = std::make_shared<Asked>();
  auto memory_mb = std::make_shared<int64_t>(0);
  auto place = std::make_shared<PackagePlace>();
  auto no_tokens = std::make_shared<bool>(false);
  const Command command = program.add_command(
      "serve", "answer predictions over HTTP with what is released", "millgate serve --port 8080");
  command.add_option("project", asked->projects,
                     "folders of projects, each with its model; default: the current one");
  command.add_option("--port", options->port, "0: any free one").shows_default();
  command.add_option("--address", options->address, "0.0.0.0 opens it to the network")
      .shows_default();
  command.add_option("--threads", options->threads, "0: one a processor").shows_default();
  command.add_option("--env", asked->environment,
                     "what is live in this environment; default: the last");
  command.add_option("--alias", options->alias,
                     "the model that has this alias; it must have passed");
  command.add_option("--predict-route", options->predict_route,
                     "one more path that answers as /invocations; default: $AIP_PREDICT_ROUTE");
  command.add_option("--health-route", options->health_route,
                     "one more path that answers as /ping; default: $AIP_HEALTH_ROUTE");
  command
      .add_option("--client-rate", options->client_rate,
                  "requests in a second of one client, known by its token, certificate or address; "
                  "0: without a bound")
      .not_negative()
      .shows_default();
  command
      .add_option("--log-share", options->log_share,
                  "of the requests whose rows are logged; sketches count all of them")
      .between(0, 1)
      .shows_default();
  command.add_flag("--no-tokens", *no_tokens, "answer everybody, also where `token` gave tokens");
  command.add_option("--tls-cert", options->tls.certificate,
                     "PEM file: speak TLS with this certificate; read again when it is renewed");
  command.add_option("--tls-key", options->tls.key, "PEM file: its key");
  command.add_option("--tls-client-ca", options->tls.client_ca,
                     "PEM file: only for clients with a certificate of these");
  Parameter issuer =
      command.add_option("--oidc-issuer", options->oidc.issuer,
                         "take the tokens of this identity provider too (OpenID Connect), named as "
                         "its tokens name it");
  command
      .add_option("--oidc-audience", options->oidc.audience,
                  "the audience of tokens that are for this server")
      .needs(issuer);
  command
      .add_option("--oidc-keys", options->oidc.keys,
                  "file or URL of the provider's keys; default: as its discovery says")
      .needs(issuer);
  command
      .add_option("--oidc-roles", options->oidc.roles_claim,
                  "claim with the roles of the bearer, as realm_access.roles")
      .needs(issuer)
      .shows_default();
  command.add_option("--otlp", options->otlp.endpoint,
                     "send spans and metrics to this collector by OTLP over HTTP, as "
                     "http://127.0.0.1:4318; default: $OTEL_EXPORTER_OTLP_ENDPOINT");
  const Parameter share = command
                              .add_option("--trace-share", options->otlp.trace_share,
                                          "of requests whose caller does not trace them; default: "
                                          "$OTEL_TRACES_SAMPLER_ARG, else 0.01")
                              .between(0, 1);
  command
      .add_option("--memory-mb", *memory_mb,
                  "of several projects: so much of their models' artifacts is kept in memory; who "
                  "is asked seldom is loaded again; 0: all")
      .not_negative()
      .shows_default();
  command.add_flag("--open", asked->is_open,
                   "at an address of a network: answer without TLS and without tokens");
  Parameter package = command.add_option(
      "--package", place->folder, "the model of the unpacked package in this folder (`package`)");
  command.add_option("--state", place->state, "with --package: where predictions are logged")
      .needs(package);
  command.does([&session, options, asked, memory_mb, place, no_tokens, share]() -> Result<int> {
    options->wants_tokens = !*no_tokens;
    options->memory_max = *memory_mb << 20;
    MILLGATE_TRY(take_otlp_environment(options->otlp, share.given()));
    MILLGATE_TRY(check_tls(options->tls));
    allow_open_files();
    return place->folder.empty() ? serve(session, *options, *asked)
                                 : serve_package(session, *options, *asked, *place);
  });
}

}  // namespace millgate
