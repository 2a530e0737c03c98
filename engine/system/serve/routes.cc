#include "system/serve/routes.h"

#include <algorithm>
#include <vector>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/program_version.h"
#include "ground/shortest_text.h"
#include "system/serve/feast_answer.h"
#include "system/serve/feature_answer.h"
#include "system/serve/feature_push.h"
#include "system/serve/feedback_store.h"
#include "system/serve/json_text.h"
#include "system/serve/live_json.h"
#include "system/serve/metrics_formats.h"
#include "system/serve/model_metadata.h"
#include "system/serve/openapi.h"
#include "system/serve/projects_page.h"
#include "system/serve/request_path.h"
#include "system/serve/rollout_report.h"
#include "system/serve/rollout_supervisor.h"
#include "system/serve/sketch_answer.h"
#include "system/serve/sketch_keeper.h"
#include "system/serve/try_page.h"

namespace millgate {

namespace {

constexpr size_t kRequestIdMax = 128;

/// A request id that may go into headers, logs and JSON.
bool is_usable_id(std::string_view id) {
  return !id.empty() && id.size() <= kRequestIdMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string server_metadata_json() {
  return R"({"name":"millgate","version":")" + std::string(kProgramVersion) +
         R"(","extensions":["binary_tensor_data"]})";
}

/// "model":"flights","version":"0a1b...","live":{...}.
void append_model(std::string& out, const ServedModel* model, Time now) {
  out += "\"model\":";
  if (model == nullptr) {
    out += "null";
    return;
  }
  append_json_text(out, model->name());
  out += ",\"version\":";
  append_json_text(out, model->version());
  if (!model->live()) return;
  out += ",\"live\":";
  append_live_json(out, *model->live(), now);
}

/// Of a server with several projects: what each serves, and below which path its routes are.
std::string projects_json(const std::vector<ProjectView>& projects, Time now) {
  std::string out = R"({"service":"millgate","projects":[)";
  for (const ProjectView& project : projects) {
    if (out.back() == '}') out += ',';
    out += "{\"path\":";
    append_json_text(out, "/projects/" + name_of(project) + "/");
    out += ',';
    append_model(out, project.models->get().get(), now);
    out += project.models->is_ready() ? ",\"ready\":true}" : ",\"ready\":false}";
  }
  return out + "]}";
}

std::string welcome_json(const ServedModel* model, Time now) {
  std::string out = R"({"service":"millgate",)";
  append_model(out, model, now);
  out +=
      R"(,"routes":["POST /predict","POST /invocations","POST /v1/models/{name}:predict",)"
      R"("POST /v2/models/{name}/infer","POST /feedback","POST /features","GET /features/{view}",)"
      R"("POST /get-online-features","POST /push","POST /rollback","GET /rollout","GET /metrics",)"
      R"("GET /health/live",)"
      R"("GET /health/ready","GET /ping","GET /version","GET /v1/models","GET /v2",)"
      R"("GET /v2/models/{name}","GET /openapi.json"]})";
  return out;
}

/// Browsers name HTML; other clients say nothing, or that they take anything.
bool wants_page(const HttpRequest& request) {
  return request.method == "GET" && request.accept.find("text/html") != std::string_view::npos;
}

Error no_store() {
  return outside_failure("this server has no online store", "start it with `millgate serve`");
}

}  // namespace

namespace {

std::vector<MeteredProject> metered(const std::vector<ProjectView>& projects) {
  std::vector<MeteredProject> all;
  all.reserve(projects.size());
  for (const ProjectView& project : projects) all.push_back({project.log, project.models->get()});
  return all;
}

}  // namespace

bool Routes::is_slow(const HttpRequest& request) {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  return path.starts_with("/feedback") || path.starts_with("/push") ||
         path.starts_with("/rollback") || path.starts_with("/rollout") ||
         path.starts_with("/sketches") || ModelRoutes::wants_explanation(request.target);
}

namespace {

/// What a path wants of who asks.
struct Need {
  bool token = true;
  std::optional<AccessRole> role = {};  ///< Nothing: any token will do.
};

bool is_health(const Call& call) {
  if (is_grpc_health(call)) return true;
  const std::vector<std::string>& path = call.path;
  if (path.empty()) return false;
  if (path.size() == 1) return path[0] == "ping" || path[0] == "health";
  if (path[0] == "health") return true;
  return path.size() == 3 && path[0] == "v2" && path[1] == "health";
}

/// Supervisors ask for health without knowing anybody, and a browser needs the page before it can
/// be told a token. What there is to know about models, any token may.
Need need_of(const Call& call) {
  const HttpRequest& request = call.request;
  if (is_health(call)) return {.token = false};
  if (call.path.empty()) return {.token = !wants_page(request)};
  if (is_grpc_infer(call)) return {.role = AccessRole::predict};
  if (request.is_grpc) return {};
  const std::string& first = call.path[0];
  if (first == "metrics" || first == "sketches") return {.role = AccessRole::observe};
  if (first == "push") return {.role = AccessRole::push};
  if (first == "rollback") return {.role = AccessRole::release};
  const bool is_about = request.method == "GET" && first != "features";
  if (is_about) return {};
  return {.role = AccessRole::predict};
}

/// The best that is known of who asks.
std::string client_text(const Call& call) {
  if (!call.caller.empty()) return "token `" + call.caller + "`";
  if (!call.request.client_name.empty()) {
    return "certificate `" + std::string(call.request.client_name) + "`";
  }
  return "address " + std::string(call.request.client_address);
}

}  // namespace

std::optional<HttpResponse> Routes::refuse_caller(Call& call, bool is_health_route) const {
  if (context_.guard == nullptr || is_health_route) return std::nullopt;
  const Need need = need_of(call);
  if (!need.token) return std::nullopt;
  const AccessDecision decision =
      context_.guard->decide(call.request, need.role, context_.clock.now());
  call.caller = decision.caller;
  call.requests_per_second = decision.requests_per_second;
  if (decision.status == 200) return std::nullopt;
  // The operator's own token is good for this one thing.
  if (need.role == AccessRole::release && has_operator_token(context_.rollback, call.request)) {
    call.caller.clear();
    return std::nullopt;
  }
  HttpResponse response = failure_reply(call, decision.status, *decision.why);
  response.wants_token = decision.status == 401;
  return response;
}

std::optional<HttpResponse> Routes::refuse_hasty(const Call& call, bool is_health_route) {
  const double rate =
      call.requests_per_second > 0 ? call.requests_per_second : context_.client_rate;
  // Supervisors ask as often as they like: who does not hear of health takes a server away.
  if (rate <= 0 || is_health_route || is_health(call)) return std::nullopt;
  const std::string client = client_text(call);
  const auto wait = rates_.take(client, rate, std::chrono::steady_clock::now());
  if (wait.count() == 0) return std::nullopt;
  context_.telemetry.requests_over_rate.fetch_add(1, std::memory_order_relaxed);
  HttpResponse response = failure_reply(
      call, 429,
      Error{.code = ErrorCode::overloaded,
            .what = client + " asks more often than " + shortest_text(rate) + " times a second",
            .hint = "try again after the time in Retry-After, or send more rows in one request"});
  response.retry_after_seconds =
      static_cast<int>(std::chrono::ceil<std::chrono::seconds>(wait).count());
  return response;
}

HttpResponse Routes::answer(const HttpRequest& request) {
  Call call{.request = request, .path = path_parts(request.target), .request_id = {}};
  call.request_id = is_usable_id(request.request_id) ? std::string(request.request_id)
                                                     : ids_.next(context_.clock.now());
  std::unique_ptr<RequestSpan> span;
  if (context_.tracer != nullptr) span = context_.tracer->begin(request);
  call.span = span.get();
  HttpResponse response = dispatch(call);
  response.request_id = std::move(call.request_id);
  if (span) context_.tracer->end(std::move(span), request, response);
  return response;
}

HttpResponse Routes::dispatch(Call& call) {
  const std::string_view target = call.request.target.substr(0, call.request.target.find('?'));
  const bool is_health_route = !context_.health_route.empty() && target == context_.health_route;
  if (auto refused = refuse_caller(call, is_health_route)) return *std::move(refused);
  if (auto refused = refuse_hasty(call, is_health_route)) return *std::move(refused);
  if (!context_.predict_route.empty() && target == context_.predict_route) {
    return models_.invoke(call);
  }
  if (is_health_route) return readiness(call);
  if (call.request.is_grpc) return grpc_.answer(call);
  const std::vector<std::string>& path = call.path;
  if (path.empty()) return welcome(call);
  const std::string& first = path[0];
  if (first == "v1") return models_.v1(call);
  if (first == "v2") return protocol(call);
  if (first == "features" && path.size() == 2) return one_entity(call);
  if (first == "health" && path.size() == 2 && path[1] == "live") return live(call);
  if (first == "health" && path.size() == 2 && path[1] == "ready") return readiness(call);
  if (!context_.projects.empty() && first == "projects") {
    const std::vector<std::string> names = names_of(context_.projects);
    const std::string asked = path.size() > 1 ? path[1].substr(0, 100) : std::string();
    return failure_reply(
        call, not_found("there is no project `" + asked +
                            "` here, or nothing "
                            "stands behind its name",
                        "ask /projects/NAME/predict and the like; " + name_hint(asked, names)));
  }
  if (path.size() != 1) return unknown_path_reply(call);
  const bool is_of_all =
      first == "ping" || first == "health" || first == "version" || first == "metrics";
  if (!context_.projects.empty() && !is_of_all) return ask_for_project(call);
  if (first == "predict") return models_.predict(call);
  if (first == "invocations") return models_.invoke(call);
  if (first == "ping" || first == "health") return readiness(call);
  if (first == "version") return version(call);
  if (first == "openapi.json") return description(call);
  if (first == "feedback") return feedback(call);
  if (first == "features" || first == "get-online-features") return features(call);
  if (first == "push") return push(call);
  if (first == "metrics") return metrics(call);
  if (first == "sketches") return sketches(call);
  if (first == "rollback") return rollback(call);
  if (first == "rollout") return rollout(call);
  return unknown_path_reply(call);
}

HttpResponse Routes::ask_for_project(const Call& call) const {
  const std::vector<std::string> names = names_of(context_.projects);
  return failure_reply(
      call, invalid_input("this server has " + std::to_string(names.size()) + " projects, and `/" +
                              call.path[0].substr(0, 100) + "` does not say which is meant",
                          "ask /projects/" + names.front() + "/" + call.path[0].substr(0, 100) +
                              "; GET / lists them all"));
}

HttpResponse Routes::welcome(const Call& call) {
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  if (!context_.projects.empty()) {
    if (!wants_page(call.request)) {
      return json_reply(call, projects_json(context_.projects, context_.clock.now()));
    }
    HttpResponse page = json_reply(call, projects_page());
    page.content_type = "text/html; charset=utf-8";
    return page;
  }
  if (wants_page(call.request)) {
    HttpResponse page = json_reply(call, try_page());
    page.content_type = "text/html; charset=utf-8";
    return page;
  }
  return json_reply(call, welcome_json(context_.models.get().get(), context_.clock.now()));
}

HttpResponse Routes::description(Call& call) {
  call.route = Route::metadata;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  const std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) return models_.not_ready(call);
  return json_reply(call, openapi_json(*model, {.reads_online = context_.online != nullptr,
                                                .explains = context_.objects != nullptr &&
                                                            model->classes().empty(),
                                                .goes_back = context_.rollback.ledger != nullptr,
                                                .rows_max = context_.rows_max}));
}

HttpResponse Routes::version(Call& call) {
  call.route = Route::metadata;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  HttpResponse response = json_reply(call, std::string(kProgramVersion));
  response.content_type = "text/plain";
  return response;
}

HttpResponse Routes::live(Call& call) {
  call.route = Route::health;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  return json_reply(call, R"({"live":true})");
}

HttpResponse Routes::readiness_of_all(const Call& call) const {
  std::string body = R"({"ready":true,"models":{)";
  for (const ProjectView& project : context_.projects) {
    const std::string name = name_of(project);
    if (!project.models->is_ready()) {
      return failure_reply(
          call, 503,
          Error{.code = ErrorCode::outside,
                .what = "not ready: project `" + name + "`: " + project.models->trouble()});
    }
    if (body.back() != '{') body += ',';
    append_json_text(body, name);
    body += ':';
    const std::shared_ptr<const ServedModel> model = project.models->get();
    if (model == nullptr) {
      body += "null";
    } else {
      append_json_text(body, model->version());
    }
  }
  return json_reply(call, body + "}}");
}

HttpResponse Routes::readiness(Call& call) {
  call.route = Route::health;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  if (!context_.projects.empty()) return readiness_of_all(call);
  const std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) return models_.not_ready(call);
  std::string body = R"({"ready":true,"model":)";
  append_json_text(body, model->version());
  if (const std::string trouble = context_.models.trouble(); !trouble.empty()) {
    body += ",\"trouble\":";
    append_json_text(body, trouble);
  }
  // Health is told to anybody; who released, and why, only to those who may know of models.
  const Time now = context_.clock.now();
  const bool may_know =
      context_.guard == nullptr || context_.guard->decide(call.request, {}, now).status == 200;
  if (model->live() && may_know) {
    body += ",\"live\":";
    append_live_json(body, *model->live(), now);
  }
  return json_reply(call, body + "}");
}

HttpResponse Routes::features(Call& call) {
  const HttpRequest& request = call.request;
  call.route = Route::features;
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (auto refused = refuse_encoding(call)) return *std::move(refused);
  if (context_.online == nullptr) return failure_reply(call, no_store());
  const Time now = context_.clock.now();
  if (call.path[0] == "features") {
    const auto answer = answer_features(*context_.online, request.body, now, context_.rows_max);
    if (!answer.ok()) return failure_reply(call, answer.error());
    return json_reply(call, features_json(*answer));
  }
  auto answer = feast_features_json(*context_.online, request.body, now, context_.rows_max);
  if (!answer.ok()) return failure_reply(call, answer.error());
  return json_reply(call, *std::move(answer));
}

HttpResponse Routes::one_entity(Call& call) {
  call.route = Route::features;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  if (context_.online == nullptr) return failure_reply(call, no_store());
  const auto views = context_.online->views();
  if (!views.ok()) return failure_reply(call, views.error());
  const OnlineView* const view = latest_view(*views, call.path[1]);
  if (view == nullptr) {
    return failure_reply(
        call, not_found("view `" + call.path[1].substr(0, 100) + "` is not in the online store",
                        "POST /features says more"));
  }
  const auto answer = answer_features(
      *context_.online, features_question(*view, query_pairs(call.request.target), {}),
      context_.clock.now(), context_.rows_max);
  if (!answer.ok()) return failure_reply(call, answer.error());
  return json_reply(call, features_json(*answer));
}

HttpResponse Routes::push(Call& call) {
  const HttpRequest& request = call.request;
  call.route = Route::push;
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (auto refused = refuse_encoding(call)) return *std::move(refused);
  if (context_.online == nullptr) return failure_reply(call, no_store());
  const auto report =
      push_features(*context_.online, request.body, context_.clock.now(), context_.rows_max);
  if (!report.ok()) return failure_reply(call, report.error());
  context_.telemetry.pushed_rows.fetch_add(report->row_count);
  const RowCounts& counts = report->counts;
  return json_reply(call, "{\"rows\":" + std::to_string(report->row_count) +
                              ",\"written\":" + std::to_string(counts.written) +
                              ",\"kept\":" + std::to_string(counts.kept) + "}");
}

HttpResponse Routes::metrics(Call& call) {
  call.route = Route::metrics;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  const MetricsFormat format = wanted_metrics(call.request.accept);
  const std::vector<MeteredProject> projects = metered(context_.views());
  Result<std::string> body =
      metrics_in(format, metrics_text(), context_.telemetry.histograms(projects));
  if (!body.ok()) return failure_reply(call, body.error());
  HttpResponse response = json_reply(call, *std::move(body));
  response.content_type = media_type_of(format);
  return response;
}

std::string Routes::metrics_text() const {
  const Time now = context_.clock.now();
  const std::vector<ProjectView> projects = context_.views();
  std::string text = context_.telemetry.prometheus_text(metered(projects), now);
  std::map<std::string, WindowSketch> counted;  // By model.
  for (const ProjectView& project : projects) {
    if (project.sketches != nullptr) counted.merge(project.sketches->since_start());
  }
  text += sketches_prometheus_text(counted);
  if (context_.tracer != nullptr) text += context_.tracer->prometheus_text();
  std::vector<MeteredView> metered_views;
  bool has_store = false;
  for (const ProjectView& project : projects) {
    const auto views =
        project.online == nullptr ? std::vector<OnlineView>() : project.online->views();
    if (project.online == nullptr || !views.ok()) continue;
    has_store = true;
    for (const OnlineView& view : *views) {
      metered_views.push_back({.view = view});
      if (projects.size() > 1) metered_views.back().labels = {{"project", name_of(project)}};
    }
  }
  if (has_store) text += context_.telemetry.online_text(metered_views, now);
  return text;
}

HttpResponse Routes::sketches(Call& call) {
  call.route = Route::sketches;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  if (context_.sketches == nullptr) {
    return failure_reply(call, not_found("this server keeps no sketches"));
  }
  const auto question = sketch_question(call.request.target);
  if (!question.ok()) return failure_reply(call, question.error());
  SavedSketches saved = context_.sketches->all();
  if (std::string trouble = context_.sketches->trouble(); !trouble.empty()) {
    saved.notes.push_back(std::move(trouble));
  }
  auto answer = sketches_json(saved, *question);
  if (!answer.ok()) return failure_reply(call, answer.error());
  return json_reply(call, *std::move(answer));
}

HttpResponse Routes::rollback(Call& call) {
  const HttpRequest& request = call.request;
  call.route = Route::rollback;
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (auto refused = refuse_encoding(call)) return *std::move(refused);
  const Result<Serving> back = answer_rollback(context_.rollback, request, call.caller);
  if (!back.ok()) {
    return failure_reply(call, http_status_of(back.error().code), back.error());
  }
  std::string body = "{\"model\":";
  append_json_text(body, back->model.hex());
  body += ",\"live\":";
  append_live_json(body, *back, context_.clock.now());
  return json_reply(call, body + "}");
}

HttpResponse Routes::rollout(Call& call) {
  call.route = Route::metadata;
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  const RolloutPlace& place = context_.rollout;
  if (place.ledger == nullptr) {
    return failure_reply(call, not_found("this server follows no environment, so nothing is rolled "
                                         "out here",
                                         "ask one that `millgate serve` started without --alias"));
  }
  const auto all = rollouts(*place.ledger, place.environment);
  if (!all.ok()) return failure_reply(call, all.error());
  if (all->empty()) {
    return failure_reply(call, not_found("nothing was ever rolled out here",
                                         "`millgate rollout start MODEL` begins"));
  }
  const auto report = saved_report(place.folder, all->back(), context_.clock.now());
  if (!report.ok()) return failure_reply(call, report.error());
  Json json = rollout_json(all->back(), *report);
  const std::string trouble = place.supervisor == nullptr ? "" : place.supervisor->trouble();
  if (!trouble.empty()) json["trouble"] = trouble;
  return json_reply(call, dump_json(json));
}

HttpResponse Routes::feedback(Call& call) {
  const HttpRequest& request = call.request;
  call.route = Route::feedback;
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (auto refused = refuse_encoding(call)) return *std::move(refused);
  const std::shared_ptr<const ServedModel> model = context_.models.get();
  const Result<FeedbackBody> told =
      parse_feedback(std::string(request.body), model == nullptr ? std::span<const std::string>()
                                                                 : std::span(model->classes()));
  if (!told.ok()) return failure_reply(call, told.error());
  const Time now = context_.clock.now();
  Status status;
  if (!told->labels.empty()) status = write_feedback(context_.feedback_folder, told->labels, now);
  if (status.ok() && !told->outcomes.empty()) {
    status = write_outcomes(context_.outcomes_folder, told->outcomes, now);
  }
  if (!status.ok()) return failure_reply(call, status.error());
  const size_t labels = told->labels.size();
  const size_t outcomes = told->outcomes.size();
  context_.telemetry.feedback_labels.fetch_add(static_cast<int64_t>(labels));
  context_.telemetry.feedback_outcomes.fetch_add(static_cast<int64_t>(outcomes));
  return json_reply(call, "{\"labels\":" + std::to_string(labels) +
                              ",\"outcomes\":" + std::to_string(outcomes) + "}");
}

HttpResponse Routes::repository(Call& call) {
  const std::vector<std::string>& path = call.path;
  call.route = Route::metadata;
  const bool is_index = path.size() == 3 && path[2] == "index";
  const bool is_change =
      path.size() == 5 && path[2] == "models" && (path[4] == "load" || path[4] == "unload");
  if (!is_index && !is_change) return unknown_path_reply(call);
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (is_change) return failure_reply(call, only_the_gate());
  return json_reply(call, repository_index_json(models_of(context_.views())));
}

HttpResponse Routes::protocol(Call& call) {
  const std::vector<std::string>& path = call.path;
  if (path.size() == 1) {
    call.route = Route::metadata;
    if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
    return json_reply(call, server_metadata_json());
  }
  if (path.size() == 3 && path[1] == "health" && path[2] == "ready") return readiness(call);
  if (path.size() == 3 && path[1] == "health" && path[2] == "live") return live(call);
  if (path.size() >= 3 && path[1] == "models") return models_.v2(call);
  if (path[1] == "repository") return repository(call);
  return unknown_path_reply(call);
}

}  // namespace millgate
