#include "system/serve/server.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "system/serve/hosted_project.h"
#include "system/serve/http_listener.h"
#include "system/serve/otlp_exporter.h"
#include "system/serve/project_router.h"
#include "system/serve/tracer.h"

namespace millgate {

struct Server::State {
  // In the order of use: the listener calls the router, which uses all above.
  ServerOptions options;
  Telemetry telemetry;
  std::unique_ptr<Tracer> tracer;  ///< Null: nothing is sent by OTLP.
  std::unique_ptr<ProjectRouter> router;
  std::unique_ptr<OtlpExporter> exporter;
  std::unique_ptr<HttpListener> listener;
  std::mutex stopping;

  Status listen(std::vector<std::unique_ptr<HostedProject>> projects, const Clock& clock);
};

Status Server::State::listen(std::vector<std::unique_ptr<HostedProject>> projects,
                             const Clock& clock) {
  if (!options.otlp.endpoint.empty()) tracer = std::make_unique<Tracer>(options.otlp.trace_share);
  router =
      std::make_unique<ProjectRouter>(std::move(projects), tracer.get(), clock, options.memory_max);
  if (tracer) {
    MILLGATE_ASSIGN(exporter, OtlpExporter::start(options.otlp, *tracer,
                                                  [this] { return router->metrics_text(); }));
  }
  HttpHandler handler{
      .answer = [this](const HttpRequest& request) { return router->answer(request); },
      .is_slow = [this](const HttpRequest& request) { return router->is_slow(request); }};
  MILLGATE_ASSIGN(listener, HttpListener::start(options, std::move(handler), telemetry));
  return {};
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(std::shared_ptr<Repository> repository,
                                              const ServerOptions& options) {
  return start({ProjectToServe{.name = {}, .repository = std::move(repository)}}, options);
}

Result<std::unique_ptr<Server>> Server::start(const std::vector<ProjectToServe>& projects,
                                              const ServerOptions& options) {
  if (projects.empty()) return invalid_input("serve: there is no project", "name one or more");
  std::set<std::string> names;
  for (const ProjectToServe& project : projects) {
    if (names.insert(project.name).second) continue;
    return invalid_input("serve: two projects are called `" + project.name + "`",
                         "requests name the project that they are for: rename one in its "
                         "millgate.toml");
  }
  auto state = std::make_unique<State>();
  state->options = options;
  std::vector<std::unique_ptr<HostedProject>> hosted;
  for (const ProjectToServe& project : projects) {
    MILLGATE_ASSIGN(std::unique_ptr<HostedProject> one,
                    HostedProject::open(project, options, state->telemetry));
    hosted.push_back(std::move(one));
  }
  MILLGATE_TRY(state->listen(std::move(hosted), projects.front().repository->clock()));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Result<std::unique_ptr<Server>> Server::start_fixed(std::shared_ptr<const Model> model,
                                                    const std::string& folder,
                                                    const ServerOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  std::vector<std::unique_ptr<HostedProject>> hosted;
  MILLGATE_ASSIGN(std::unique_ptr<HostedProject> one,
                  HostedProject::open_fixed(std::move(model), folder, options, state->telemetry));
  hosted.push_back(std::move(one));
  MILLGATE_TRY(state->listen(std::move(hosted), system_clock()));
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
  const auto& projects = state_->router->projects();
  return std::all_of(projects.begin(), projects.end(),
                     [](const auto& project) { return project->wants_tokens(); });
}

std::optional<Time> Server::certificate_ends() const {
  return state_->listener->certificate_ends();
}

bool Server::has_model() const {
  const auto& projects = state_->router->projects();
  return std::all_of(projects.begin(), projects.end(),
                     [](const auto& project) { return project->models().is_ready(); });
}

std::string Server::serving_text() const {
  std::string text;
  const auto& projects = state_->router->projects();
  for (const auto& project : projects) {
    if (!text.empty()) text += ", ";
    const std::shared_ptr<const ServedModel> model = project->models().get();
    if (model != nullptr) {
      text += model->name() + " " + model->version();
    } else {
      if (projects.size() > 1) text += project->name() + ": ";
      text += project->models().trouble();
    }
  }
  return text;
}

void Server::stop() {
  const std::scoped_lock lock(state_->stopping);
  if (state_->listener) state_->listener->stop();
  // After the last answer, so that it is counted and nobody asks any more.
  state_->exporter.reset();
  if (!state_->router) return;
  for (const auto& project : state_->router->projects()) project->stop();
}

}  // namespace millgate
