#include "system/serve/hosted_project.h"

#include <utility>

#include "system/serve/identity_provider.h"

namespace millgate {

Status HostedProject::open_logs() {
  if (!options_.log_predictions) return {};
  MILLGATE_ASSIGN(log_, PredictionLog::open({.folder = folder_ + "/predictions",
                                             .rows_max = options_.log_rows_max}));
  MILLGATE_ASSIGN(sketches_, SketchKeeper::open({.folder = folder_ + "/sketches"}));
  return {};
}

Result<std::unique_ptr<HostedProject>> HostedProject::open(const ProjectToServe& project,
                                                           const ServerOptions& options,
                                                           Telemetry& telemetry) {
  std::unique_ptr<HostedProject> hosted(new HostedProject(options, telemetry));
  hosted->name_ = project.name;
  hosted->environment_ = project.environment;
  hosted->repository_ = project.repository;
  hosted->online_ = project.online;
  hosted->folder_ = project.repository->project_folder() + "/.millgate";
  MILLGATE_TRY(hosted->open_logs());
  MILLGATE_TRY(hosted->trust_provider());
  const std::string shadow = options.log_predictions ? hosted->folder_ + "/shadow" : std::string();
  hosted->shadow_ = std::make_unique<ShadowWorker>(
      PredictionLogOptions{.folder = shadow, .rows_max = options.log_rows_max}, hosted->online_);
  hosted->follower_ = std::make_unique<ModelFollower>(hosted->repository_, hosted->models_,
                                                      telemetry, options.reload_every,
                                                      Followed{.name = project.name,
                                                               .environment = project.environment,
                                                               .alias = options.alias,
                                                               .guard = &hosted->guard_,
                                                               .shadow = hosted->shadow_.get()});
  if (options.alias.empty()) {
    hosted->supervisor_ = std::make_unique<RolloutSupervisor>(
        hosted->repository_, hosted->models_, project.environment, options.judge_every);
  }
  return hosted;
}

Result<std::unique_ptr<HostedProject>> HostedProject::open_fixed(std::shared_ptr<const Model> model,
                                                                 const std::string& folder,
                                                                 const ServerOptions& options,
                                                                 Telemetry& telemetry) {
  std::unique_ptr<HostedProject> hosted(new HostedProject(options, telemetry));
  hosted->name_ = model->manifest().project;
  hosted->folder_ = folder;
  hosted->models_.set(std::make_shared<const ServedModel>(std::move(model)));
  MILLGATE_TRY(hosted->open_logs());
  MILLGATE_TRY(hosted->trust_provider());
  return hosted;
}

std::string HostedProject::name() const {
  if (!name_.empty()) return name_;
  const std::shared_ptr<const ServedModel> model = models_.get();
  return model == nullptr ? std::string() : model->name();
}

bool HostedProject::wants_tokens() const { return is_guarded() && guard_.wants_tokens(); }

bool HostedProject::is_guarded() const {
  return options_.wants_tokens && (is_followed() || !options_.oidc.issuer.empty());
}

Status HostedProject::trust_provider() {
  if (options_.oidc.issuer.empty()) return {};
  MILLGATE_ASSIGN(std::unique_ptr<IdentityProvider> provider,
                  IdentityProvider::start(options_.oidc));
  guard_.trust(std::move(provider));
  return {};
}

RouteContext HostedProject::context(Tracer* tracer) {
  RouteContext context{.models = models_,
                       .telemetry = telemetry_,
                       .clock = is_followed() ? repository_->clock() : system_clock(),
                       .log = log_.get(),
                       .log_share = options_.log_share,
                       .sketches = sketches_.get(),
                       .objects = is_followed() ? &repository_->objects() : nullptr,
                       .online = online_,
                       .feedback_folder = folder_ + "/feedback",
                       .outcomes_folder = folder_ + "/outcomes",
                       .guard = is_guarded() ? &guard_ : nullptr,
                       .predict_route = options_.predict_route,
                       .health_route = options_.health_route,
                       .rows_max = options_.rows_max,
                       .client_rate = options_.client_rate,
                       .tracer = tracer};
  // An alias is moved, not rolled back or out.
  if (is_followed() && options_.alias.empty()) {
    context.rollback = {.ledger = &repository_->ledger(),
                        .environment = environment_,
                        .token = options_.operator_token};
    context.rollout = {.ledger = &repository_->ledger(),
                       .environment = environment_,
                       .folder = repository_->folder("rollouts"),
                       .supervisor = supervisor_.get()};
  }
  return context;
}

Status HostedProject::wake() { return follower_ ? follower_->wake() : Status(); }

bool HostedProject::sleep() { return follower_ && follower_->sleep(users_); }

void HostedProject::stop() {
  shadow_.reset();
  supervisor_.reset();
  follower_.reset();
  sketches_.reset();
  if (log_) log_->flush();
}

}  // namespace millgate
