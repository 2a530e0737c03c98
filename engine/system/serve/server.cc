#include "system/serve/server.h"

#include <mutex>

#include "system/serve/http_listener.h"
#include "system/serve/identity_provider.h"
#include "system/serve/model_follower.h"
#include "system/serve/otlp_exporter.h"
#include "system/serve/prediction_log.h"
#include "system/serve/rollout_supervisor.h"
#include "system/serve/routes.h"
#include "system/serve/shadow_worker.h"
#include "system/serve/sketch_keeper.h"

namespace millgate {

struct Server::State {
  // In the order of use: the listener calls the routes, which use all above.
  std::shared_ptr<Repository> repository;
  ModelSlot models;
  Telemetry telemetry;
  AccessGuard guard;
  std::unique_ptr<PredictionLog> log;
  std::unique_ptr<SketchKeeper> sketches;  ///< Null where nothing is logged.
  std::unique_ptr<ShadowWorker> shadow;
  std::unique_ptr<ModelFollower> follower;
  std::unique_ptr<RolloutSupervisor> supervisor;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<Tracer> tracer;  ///< Null: nothing is sent by OTLP.
  std::unique_ptr<OtlpExporter> exporter;
  std::unique_ptr<HttpListener> listener;
  ServerOptions options;
  std::mutex stopping;

  /// What is kept of answers; nothing where nothing is logged.
  Status open_logs(const std::string& predictions, const std::string& sketches_folder);
  Status listen(const Clock& clock, std::string feedback_folder);
  /// Of what follows an environment; an alias is moved, not rolled back.
  RollbackAccess rollback_access() const {
    if (repository == nullptr || !options.alias.empty()) return {};
    return {.ledger = &repository->ledger(),
            .environment = options.environment,
            .token = options.operator_token};
  }
  PredictionLogOptions shadow_log() const {
    return {.folder = options.log_predictions ? repository->folder("shadow") : std::string(),
            .rows_max = options.log_rows_max};
  }
  RolloutPlace rollout_place() const {
    if (repository == nullptr || !options.alias.empty()) return {};
    return {.ledger = &repository->ledger(),
            .environment = options.environment,
            .folder = repository->folder("rollouts"),
            .supervisor = supervisor.get()};
  }
};

Status Server::State::open_logs(const std::string& predictions,
                                const std::string& sketches_folder) {
  if (!options.log_predictions) return {};
  MILLGATE_ASSIGN(log,
                  PredictionLog::open({.folder = predictions, .rows_max = options.log_rows_max}));
  MILLGATE_ASSIGN(sketches, SketchKeeper::open({.folder = sketches_folder}));
  return {};
}

Status Server::State::listen(const Clock& clock, std::string feedback_folder) {
  if (!options.otlp.endpoint.empty()) tracer = std::make_unique<Tracer>(options.otlp.trace_share);
  routes = std::make_unique<Routes>(
      RouteContext{.models = models,
                   .telemetry = telemetry,
                   .clock = clock,
                   .log = log.get(),
                   .log_share = options.log_share,
                   .sketches = sketches.get(),
                   .objects = repository ? &repository->objects() : nullptr,
                   .online = options.online,
                   .feedback_folder = std::move(feedback_folder),
                   .rollback = rollback_access(),
                   .rollout = rollout_place(),
                   .guard = repository && options.wants_tokens ? &guard : nullptr,
                   .predict_route = options.predict_route,
                   .health_route = options.health_route,
                   .rows_max = options.rows_max,
                   .client_rate = options.client_rate,
                   .tracer = tracer.get()});
  if (tracer) {
    MILLGATE_ASSIGN(exporter, OtlpExporter::start(options.otlp, *tracer,
                                                  [this] { return routes->metrics_text(); }));
  }
  HttpHandler handler{
      .answer = [this](const HttpRequest& request) { return routes->answer(request); },
      .is_slow = Routes::is_slow};
  MILLGATE_ASSIGN(listener, HttpListener::start(options, std::move(handler), telemetry));
  return {};
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(std::shared_ptr<Repository> repository,
                                              const ServerOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->repository = std::move(repository);
  MILLGATE_TRY(state->open_logs(state->repository->folder("predictions"),
                                state->repository->folder("sketches")));
  if (!options.oidc.issuer.empty()) {
    MILLGATE_ASSIGN(std::unique_ptr<IdentityProvider> provider,
                    IdentityProvider::start(options.oidc));
    state->guard.trust(std::move(provider));
  }
  state->shadow = std::make_unique<ShadowWorker>(state->shadow_log(), options.online);
  state->follower = std::make_unique<ModelFollower>(state->repository, state->models,
                                                    state->telemetry, options.reload_every,
                                                    Followed{.environment = options.environment,
                                                             .alias = options.alias,
                                                             .guard = &state->guard,
                                                             .shadow = state->shadow.get()});
  if (options.alias.empty()) {
    state->supervisor = std::make_unique<RolloutSupervisor>(
        state->repository, state->models, options.environment, options.judge_every);
  }
  MILLGATE_TRY(state->listen(state->repository->clock(), state->repository->folder("feedback")));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Result<std::unique_ptr<Server>> Server::start_fixed(std::shared_ptr<const Model> model,
                                                    const std::string& folder,
                                                    const ServerOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->models.set(std::make_shared<const ServedModel>(std::move(model)));
  MILLGATE_TRY(state->open_logs(folder + "/predictions", folder + "/sketches"));
  MILLGATE_TRY(state->listen(system_clock(), folder + "/feedback"));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

uint16_t Server::port() const { return state_->listener->port(); }

std::string Server::url() const {
  const std::string& address = state_->options.address;
  const bool is_v6 = address.find(':') != std::string::npos;
  return (state_->options.tls.certificate.empty() ? "http://" : "https://") +
         (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

bool Server::wants_tokens() const {
  return state_->repository && state_->options.wants_tokens && state_->guard.wants_tokens();
}

std::optional<Time> Server::certificate_ends() const {
  return state_->listener->certificate_ends();
}

bool Server::has_model() const { return state_->models.get() != nullptr; }

std::string Server::serving_text() const {
  const std::shared_ptr<const ServedModel> model = state_->models.get();
  if (model == nullptr) return state_->models.trouble();
  return model->name() + " " + model->version();
}

void Server::stop() {
  const std::scoped_lock lock(state_->stopping);
  state_->listener->stop();
  // After the last answer, so that it is counted and nobody asks any more.
  state_->exporter.reset();
  state_->shadow.reset();
  state_->supervisor.reset();
  state_->follower.reset();
  if (state_->log) state_->log->flush();
  state_->sketches.reset();
}

}  // namespace millgate
