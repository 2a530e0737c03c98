#include "system/serve/routes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "ground/nearest_name.h"
#include "system/serve/feast_answer.h"
#include "system/serve/feature_answer.h"
#include "system/serve/feature_push.h"
#include "system/serve/feedback_store.h"
#include "system/serve/infer_answer.h"
#include "system/serve/infer_request.h"
#include "system/serve/json_text.h"
#include "system/serve/live_json.h"
#include "system/serve/model_metadata.h"
#include "system/serve/predictor.h"

namespace millgate {

/// A request with its path taken apart.
struct Routes::Call {
  const HttpRequest& request;
  std::vector<std::string> path;  ///< Decoded parts.
  std::string request_id;
};

namespace {

constexpr size_t kRequestIdMax = 128;

std::optional<int> hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return std::nullopt;
}

/// Replaces %41 by A. What is no valid escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const std::optional<int> high = hex_digit(text[i + 1]);
      const std::optional<int> low = hex_digit(text[i + 2]);
      if (high && low) {
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

/// "/v2/models/a%20b?x=1" -> v2, models, "a b".
std::vector<std::string> path_parts(std::string_view target) {
  target = target.substr(0, target.find('?'));
  std::vector<std::string> parts;
  while (!target.empty()) {
    const size_t slash = target.find('/');
    if (slash != 0) parts.push_back(percent_decoded(target.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    target.remove_prefix(slash + 1);
  }
  return parts;
}

/// A request id that may go into headers, logs and JSON.
bool is_usable_id(std::string_view id) {
  return !id.empty() && id.size() <= kRequestIdMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

HttpResponse json_response(Route route, std::string body) {
  HttpResponse response;
  response.route = route;
  response.body = std::move(body);
  return response;
}

HttpResponse failure(Route route, int status, const Error& error, const std::string& request_id) {
  HttpResponse response = error_response(status, error, request_id);
  response.route = route;
  return response;
}

/// `refused` is said of requests with too many rows.
HttpResponse failure(Route route, const Error& error, const std::string& request_id) {
  const int status = error.code == ErrorCode::refused ? 413 : http_status_of(error.code);
  return failure(route, status, error, request_id);
}

HttpResponse wrong_method(Route route, std::string_view method, std::string_view allow,
                          const std::string& request_id) {
  HttpResponse response =
      failure(route, 405,
              invalid_input("method " + std::string(method) + " does not exist here",
                            "use " + std::string(allow)),
              request_id);
  response.allow = allow;
  return response;
}

std::string server_metadata_json() {
  return R"({"name":"millgate","version":"0.1.0","extensions":["binary_tensor_data"]})";
}

std::string welcome_json(const ServedModel* model, Time now) {
  std::string out = R"({"service":"millgate","model":)";
  if (model == nullptr) {
    out += "null";
  } else {
    append_json_text(out, model->name());
    out += ",\"version\":";
    append_json_text(out, model->version());
    if (model->live()) {
      out += ",\"live\":";
      append_live_json(out, *model->live(), now);
    }
  }
  out +=
      R"(,"routes":["POST /predict","POST /feedback","POST /features","GET /features/{view}",)"
      R"("POST /get-online-features","POST /push","POST /rollback","GET /metrics","GET /health/live",)"
      R"("GET /health/ready","GET /v2","GET /v2/models/{name}","POST /v2/models/{name}/infer"]})";
  return out;
}

Error unknown_path(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& part : path) text += "/" + part;
  if (text.size() > 200) text = text.substr(0, 200) + "...";
  const std::vector<std::string> names = {"/predict",
                                          "/feedback",
                                          "/metrics",
                                          "/features",
                                          "/push",
                                          "/rollback",
                                          "/get-online-features",
                                          "/health/live",
                                          "/health/ready",
                                          "/v2",
                                          "/v2/health/live",
                                          "/v2/health/ready",
                                          "/v2/models"};
  return not_found("path `" + text + "` does not exist", name_hint(text, names));
}

}  // namespace

bool Routes::is_slow(const HttpRequest& request) {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  return path.starts_with("/feedback") || path.starts_with("/push") ||
         path.starts_with("/rollback");
}

HttpResponse Routes::answer(const HttpRequest& request) {
  Call call{.request = request, .path = path_parts(request.target), .request_id = {}};
  call.request_id = is_usable_id(request.request_id) ? std::string(request.request_id)
                                                     : ids_.next(context_.clock.now());
  HttpResponse response = dispatch(call);
  response.request_id = std::move(call.request_id);
  return response;
}

HttpResponse Routes::dispatch(const Call& call) {
  const std::vector<std::string>& path = call.path;
  const std::string_view method = call.request.method;
  const auto get_only = [&](Route route, auto make_body) {
    if (method != "GET") return wrong_method(route, method, "GET", call.request_id);
    return json_response(route, make_body());
  };
  if (path.empty()) {
    return get_only(Route::other, [&] {
      return welcome_json(context_.models.get().get(), context_.clock.now());
    });
  }
  if (path.size() == 1 && path[0] == "predict") return predict(call);
  if (path.size() == 1 && path[0] == "feedback") return feedback(call);
  const bool is_features = path.size() == 1 && path[0] == "features";
  if (is_features || (path.size() == 1 && path[0] == "get-online-features")) return features(call);
  if (path.size() == 2 && path[0] == "features") return one_entity(call);
  if (path.size() == 1 && path[0] == "push") return push(call);
  if (path.size() == 1 && path[0] == "metrics") return metrics(call);
  if (path.size() == 1 && path[0] == "rollback") return rollback(call);
  if (path.size() == 2 && path[0] == "health" && path[1] == "live") {
    return get_only(Route::health, [] { return std::string(R"({"live":true})"); });
  }
  if (path.size() == 2 && path[0] == "health" && path[1] == "ready") return readiness(call);
  if (path[0] == "v2") return protocol(call);
  return failure(Route::other, unknown_path(path), call.request_id);
}

HttpResponse Routes::not_ready(const Call& call) const {
  return failure(
      Route::health, 503,
      Error{.code = ErrorCode::outside, .what = "not ready: " + context_.models.trouble()},
      call.request_id);
}

HttpResponse Routes::readiness(const Call& call) {
  if (call.request.method != "GET") {
    return wrong_method(Route::health, call.request.method, "GET", call.request_id);
  }
  const std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) return not_ready(call);
  std::string body = R"({"ready":true,"model":)";
  append_json_text(body, model->version());
  if (const std::string trouble = context_.models.trouble(); !trouble.empty()) {
    body += ",\"trouble\":";
    append_json_text(body, trouble);
  }
  if (model->live()) {
    body += ",\"live\":";
    append_live_json(body, *model->live(), context_.clock.now());
  }
  return json_response(Route::health, body + "}");
}

namespace {

/// Bodies are taken as they are: an encoded one would be misread.
std::optional<HttpResponse> refuse_encoding(Route route, const HttpRequest& request,
                                            const std::string& request_id) {
  if (request.content_encoding.empty() || request.content_encoding == "identity") {
    return std::nullopt;
  }
  return failure(
      route, 415,
      invalid_input("content encoding `" + std::string(request.content_encoding.substr(0, 40)) +
                        "` is not supported",
                    "send the body as it is"),
      request_id);
}

void count_answers(Telemetry& telemetry, const Answers& answers) {
  telemetry.predictions.fetch_add(static_cast<int64_t>(answers.ids.size()));
  const auto warned = std::count_if(answers.warnings.begin(), answers.warnings.end(),
                                    [](const auto& list) { return !list.empty(); });
  if (warned > 0) telemetry.rows_with_warnings.fetch_add(warned);
}

}  // namespace

HttpResponse Routes::predict(const Call& call) {
  const HttpRequest& request = call.request;
  if (request.method != "POST") {
    return wrong_method(Route::predict, request.method, "POST", call.request_id);
  }
  if (auto refused = refuse_encoding(Route::predict, request, call.request_id)) return *refused;
  std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) {
    HttpResponse response = not_ready(call);
    response.route = Route::predict;
    return response;
  }
  const auto online = online_of(model);
  Result<RowBatch> batch =
      read_rows(*model, online.ok() ? online->get() : nullptr, request.body, context_.rows_max);
  if (!batch.ok()) {
    // Without the store, what is read from it must be sent; why there is none says more.
    const bool is_unread = !online.ok() && batch.error().code == ErrorCode::invalid_input;
    return failure(Route::predict, is_unread ? online.error() : batch.error(), call.request_id);
  }
  if (online.ok() && *online) {
    const Status read = (*online)->fill(*batch, context_.clock.now(), context_.telemetry);
    if (!read.ok()) return failure(Route::predict, read.error(), call.request_id);
  }
  warn_of_ranges(*model, *batch);
  const Result<Answers> answers =
      answer_rows(std::move(model), *std::move(batch), call.request_id,
                  {.clock = context_.clock, .ids = ids_, .log = context_.log});
  if (!answers.ok()) return failure(Route::predict, answers.error(), call.request_id);
  count_answers(context_.telemetry, *answers);
  return json_response(Route::predict, answers_json(*answers));
}

Result<std::shared_ptr<const OnlineFeatures>> Routes::online_of(
    const std::shared_ptr<const ServedModel>& model) {
  std::shared_ptr<const OnlineFeatures> bound;
  if (context_.online == nullptr || model->model().manifest().views.empty()) return bound;
  bound = bound_.load();
  if (bound && bound->model().model().id() == model->model().id()) return bound;
  MILLGATE_ASSIGN(bound, OnlineFeatures::bind(context_.online, model));
  bound_.store(bound);
  return bound;
}

namespace {

Error no_store() {
  return outside_failure("this server has no online store", "start it with `millgate serve`");
}

/// "a=1&b=x%20y" -> pairs; `+` is a space.
std::vector<std::pair<std::string, std::string>> query_pairs(std::string_view target) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const size_t mark = target.find('?');
  std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const size_t equals = std::min(part.find('='), part.size());
    std::string value(part.substr(std::min(part.size(), equals + 1)));
    std::replace(value.begin(), value.end(), '+', ' ');
    pairs.emplace_back(percent_decoded(part.substr(0, equals)), percent_decoded(value));
  }
  return pairs;
}

}  // namespace

HttpResponse Routes::features(const Call& call) {
  const HttpRequest& request = call.request;
  if (request.method != "POST") {
    return wrong_method(Route::features, request.method, "POST", call.request_id);
  }
  if (auto refused = refuse_encoding(Route::features, request, call.request_id)) return *refused;
  if (context_.online == nullptr) return failure(Route::features, no_store(), call.request_id);
  const Time now = context_.clock.now();
  if (call.path[0] == "features") {
    const auto answer = answer_features(*context_.online, request.body, now, context_.rows_max);
    if (!answer.ok()) return failure(Route::features, answer.error(), call.request_id);
    return json_response(Route::features, features_json(*answer));
  }
  auto answer = feast_features_json(*context_.online, request.body, now, context_.rows_max);
  if (!answer.ok()) return failure(Route::features, answer.error(), call.request_id);
  return json_response(Route::features, *std::move(answer));
}

HttpResponse Routes::one_entity(const Call& call) {
  if (call.request.method != "GET") {
    return wrong_method(Route::features, call.request.method, "GET", call.request_id);
  }
  if (context_.online == nullptr) return failure(Route::features, no_store(), call.request_id);
  const auto views = context_.online->views();
  if (!views.ok()) return failure(Route::features, views.error(), call.request_id);
  const OnlineView* const view = latest_view(*views, call.path[1]);
  if (view == nullptr) {
    return failure(
        Route::features,
        not_found("view `" + call.path[1].substr(0, 100) + "` is not in the online store",
                  "POST /features says more"),
        call.request_id);
  }
  const auto answer = answer_features(
      *context_.online, features_question(*view, query_pairs(call.request.target), {}),
      context_.clock.now(), context_.rows_max);
  if (!answer.ok()) return failure(Route::features, answer.error(), call.request_id);
  return json_response(Route::features, features_json(*answer));
}

HttpResponse Routes::push(const Call& call) {
  const HttpRequest& request = call.request;
  if (request.method != "POST") {
    return wrong_method(Route::push, request.method, "POST", call.request_id);
  }
  if (auto refused = refuse_encoding(Route::push, request, call.request_id)) return *refused;
  if (context_.online == nullptr) return failure(Route::push, no_store(), call.request_id);
  const auto report =
      push_features(*context_.online, request.body, context_.clock.now(), context_.rows_max);
  if (!report.ok()) return failure(Route::push, report.error(), call.request_id);
  context_.telemetry.pushed_rows.fetch_add(report->row_count);
  const RowCounts& counts = report->counts;
  return json_response(Route::push, "{\"rows\":" + std::to_string(report->row_count) +
                                        ",\"written\":" + std::to_string(counts.written) +
                                        ",\"kept\":" + std::to_string(counts.kept) + "}");
}

HttpResponse Routes::metrics(const Call& call) {
  if (call.request.method != "GET") {
    return wrong_method(Route::metrics, call.request.method, "GET", call.request_id);
  }
  const Time now = context_.clock.now();
  HttpResponse response = json_response(
      Route::metrics,
      context_.telemetry.prometheus_text(context_.log, context_.models.get().get(), now));
  response.content_type = "text/plain; version=0.0.4";
  if (context_.online == nullptr) return response;
  if (const auto views = context_.online->views(); views.ok()) {
    response.body += context_.telemetry.online_text(*views, now);
  }
  return response;
}

HttpResponse Routes::rollback(const Call& call) {
  const HttpRequest& request = call.request;
  if (request.method != "POST") {
    return wrong_method(Route::rollback, request.method, "POST", call.request_id);
  }
  if (auto refused = refuse_encoding(Route::rollback, request, call.request_id)) return *refused;
  const Result<Serving> back = answer_rollback(context_.rollback, request);
  if (!back.ok()) {
    return failure(Route::rollback, http_status_of(back.error().code), back.error(),
                   call.request_id);
  }
  std::string body = "{\"model\":";
  append_json_text(body, back->model.hex());
  body += ",\"live\":";
  append_live_json(body, *back, context_.clock.now());
  return json_response(Route::rollback, body + "}");
}

HttpResponse Routes::feedback(const Call& call) {
  const HttpRequest& request = call.request;
  if (request.method != "POST") {
    return wrong_method(Route::feedback, request.method, "POST", call.request_id);
  }
  if (auto refused = refuse_encoding(Route::feedback, request, call.request_id)) return *refused;
  const Result<std::vector<Feedback>> labels = parse_feedback(std::string(request.body));
  if (!labels.ok()) return failure(Route::feedback, labels.error(), call.request_id);
  const Status status = write_feedback(context_.feedback_folder, *labels, context_.clock.now());
  if (!status.ok()) return failure(Route::feedback, status.error(), call.request_id);
  context_.telemetry.feedback_labels.fetch_add(static_cast<int64_t>(labels->size()));
  return json_response(Route::feedback, "{\"labels\":" + std::to_string(labels->size()) + "}");
}

HttpResponse Routes::protocol(const Call& call) {
  const std::vector<std::string>& path = call.path;
  const std::string_view method = call.request.method;
  const bool is_get = method == "GET";
  if (path.size() == 1) {
    if (!is_get) return wrong_method(Route::metadata, method, "GET", call.request_id);
    return json_response(Route::metadata, server_metadata_json());
  }
  if (path.size() == 3 && path[1] == "health" && path[2] == "ready") return readiness(call);
  if (path.size() == 3 && path[1] == "health" && path[2] == "live") {
    if (!is_get) return wrong_method(Route::health, method, "GET", call.request_id);
    return json_response(Route::health, R"({"live":true})");
  }
  if (path.size() >= 3 && path[1] == "models") return model_route(call);
  return failure(Route::other, unknown_path(path), call.request_id);
}

namespace {

/// Whether `version` names the model: its id or 12 or more of its first digits.
bool is_version(const ServedModel& model, const std::string& version) {
  return version.size() >= model.version().size() && model.model().id().hex().starts_with(version);
}

}  // namespace

HttpResponse Routes::model_route(const Call& call) {
  const std::vector<std::string>& path = call.path;
  std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) return not_ready(call);
  if (path[2] != model->name()) {
    return failure(Route::metadata,
                   not_found("model `" + path[2].substr(0, 100) + "` is not served",
                             "`" + model->name() + "` is"),
                   call.request_id);
  }
  size_t next = 3;
  if (path.size() >= 5 && path[3] == "versions") {
    if (!is_version(*model, path[4])) {
      return failure(Route::metadata,
                     not_found("version `" + path[4].substr(0, 100) + "` of model `" +
                                   model->name() + "` is not served",
                               "`" + model->version() + "` is"),
                     call.request_id);
    }
    next = 5;
  }
  const std::string_view method = call.request.method;
  if (path.size() == next + 1 && path[next] == "infer") return infer(call, std::move(model));
  const bool is_ready = path.size() == next + 1 && path[next] == "ready";
  if (!is_ready && path.size() != next) {
    return failure(Route::metadata, unknown_path(path), call.request_id);
  }
  if (method != "GET") return wrong_method(Route::metadata, method, "GET", call.request_id);
  if (!is_ready)
    return json_response(Route::metadata, model_metadata_json(*model, context_.clock.now()));
  std::string body = "{\"name\":";
  append_json_text(body, model->name());
  return json_response(Route::metadata, body + ",\"ready\":true}");
}

HttpResponse Routes::infer(const Call& call, std::shared_ptr<const ServedModel> model) {
  const HttpRequest& request = call.request;
  if (request.method != "POST") {
    return wrong_method(Route::infer, request.method, "POST", call.request_id);
  }
  if (auto refused = refuse_encoding(Route::infer, request, call.request_id)) return *refused;
  Result<InferRequest> read =
      read_infer(*model, {request.body, request.inference_header_length}, context_.rows_max);
  if (!read.ok()) return failure(Route::infer, read.error(), call.request_id);
  const Result<Answers> answers =
      answer_rows(std::move(model), std::move(read->batch), call.request_id,
                  {.clock = context_.clock, .ids = ids_, .log = context_.log});
  if (!answers.ok()) return failure(Route::infer, answers.error(), call.request_id);
  count_answers(context_.telemetry, *answers);
  InferAnswer answer = infer_answer(*answers, *read);
  HttpResponse response = json_response(Route::infer, std::move(answer.body));
  response.inference_header_bytes = answer.json_bytes;
  if (answer.json_bytes > 0) response.content_type = "application/octet-stream";
  return response;
}

}  // namespace millgate
