#include "system/serve/project_router.h"

#include <algorithm>
#include <utility>

#include "system/serve/grpc_infer.h"
#include "system/serve/grpc_message.h"
#include "system/serve/request_path.h"

namespace millgate {

namespace {

constexpr std::string_view kPrefix = "/projects/";

/// The name of the model that a path of a protocol names; empty: none.
std::string_view model_in_path(std::string_view target) {
  for (const std::string_view prefix : {"/v2/models/", "/v1/models/"}) {
    if (!target.starts_with(prefix)) continue;
    const std::string_view rest = target.substr(prefix.size());
    return rest.substr(0, rest.find_first_of("/:?"));
  }
  return {};
}

/// A request for a project, and its target there.
struct Prefixed {
  std::string name;
  std::string_view target;
};

/// Nothing where the target does not begin so.
std::optional<Prefixed> prefixed(std::string_view target) {
  if (!target.starts_with(kPrefix)) return std::nullopt;
  const std::string_view rest = target.substr(kPrefix.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return Prefixed{percent_decoded(rest.substr(0, slash)), rest.substr(slash)};
}

}  // namespace

ProjectRouter::ProjectRouter(std::vector<std::unique_ptr<HostedProject>> projects, Tracer* tracer,
                             const Clock& clock, int64_t memory_max)
    : projects_(std::move(projects)), clock_(clock), memory_max_(memory_max) {
  RouteContext whole = projects_.front()->context(tracer);
  for (size_t i = 0; i < projects_.size(); ++i) {
    RouteContext context = projects_[i]->context(tracer);
    by_name_.emplace(projects_[i]->name(), i);
    if (projects_.size() > 1) {
      whole.projects.push_back({.name = projects_[i]->name(),
                                .models = &projects_[i]->models(),
                                .log = context.log,
                                .sketches = context.sketches,
                                .online = context.online});
    }
    routes_.push_back(std::make_unique<Routes>(std::move(context)));
  }
  // A platform that chooses the path of predictions knows one model.
  if (projects_.size() > 1) whole.predict_route.clear();
  whole_ = std::make_unique<Routes>(std::move(whole));
  make_room(projects_.size());
}

std::optional<size_t> ProjectRouter::find(std::string_view name) const {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  // A project without a file is called as its model is.
  const auto named = std::find_if(projects_.begin(), projects_.end(), [&](const auto& project) {
    const std::shared_ptr<const ServedModel> model = project->models().get();
    return model != nullptr && model->name() == name;
  });
  if (named == projects_.end()) return std::nullopt;
  return static_cast<size_t>(named - projects_.begin());
}

std::optional<size_t> ProjectRouter::project_of(const HttpRequest& request) const {
  if (request.is_grpc) {
    const Result<std::string_view> message = grpc_message(request.body);
    if (!message.ok()) return std::nullopt;
    const Result<GrpcModelName> asked = grpc_model_name(*message);
    return asked.ok() && !asked->name.empty() ? find(asked->name) : std::nullopt;
  }
  const std::string_view name = model_in_path(request.target);
  if (name.find('%') != std::string_view::npos) return find(percent_decoded(name));
  return name.empty() ? std::nullopt : find(name);
}

HttpResponse ProjectRouter::answer_of(size_t project, const HttpRequest& request) {
  if (memory_max_ == 0) return routes_[project]->answer(request);
  HostedProject& hosted = *projects_[project];
  const HostedProject::Use use(hosted, clock_.now());
  if (hosted.models().is_asleep()) {
    // What cannot be loaded is told by who finds no model.
    static_cast<void>(hosted.wake());
    make_room(project);
  }
  return routes_[project]->answer(request);
}

HttpResponse ProjectRouter::answer(const HttpRequest& request) {
  if (const std::optional<Prefixed> asked = prefixed(request.target)) {
    const std::optional<size_t> project = find(asked->name);
    if (!project) return whole_->answer(request);
    HttpRequest inside = request;
    inside.target = asked->target;
    return answer_of(*project, inside);
  }
  if (projects_.size() == 1) return answer_of(0, request);
  const std::optional<size_t> project = project_of(request);
  return project ? answer_of(*project, request) : whole_->answer(request);
}

bool ProjectRouter::is_slow(const HttpRequest& request) const {
  HttpRequest inside = request;
  if (const std::optional<Prefixed> asked = prefixed(request.target)) inside.target = asked->target;
  return Routes::is_slow(inside);
}

void ProjectRouter::make_room(size_t kept) {
  if (memory_max_ == 0) return;
  const std::scoped_lock lock(making_room_);
  std::vector<std::pair<int64_t, size_t>> awake;  // When asked last, and who.
  int64_t bytes = 0;
  for (size_t i = 0; i < projects_.size(); ++i) {
    const std::shared_ptr<const ServedModel> model = projects_[i]->models().get();
    if (model == nullptr) continue;
    bytes += model->model().size_bytes();
    if (i != kept) awake.emplace_back(projects_[i]->asked_micros(), i);
  }
  std::sort(awake.begin(), awake.end());
  for (const auto& [asked, project] : awake) {
    if (bytes <= memory_max_) return;
    const std::shared_ptr<const ServedModel> model = projects_[project]->models().get();
    if (projects_[project]->sleep()) bytes -= model->model().size_bytes();
  }
}

}  // namespace millgate
