#include "system/serve/model_routes.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

#include "ground/nearest_name.h"
#include "system/serve/answer_table.h"
#include "system/serve/infer_answer.h"
#include "system/serve/infer_request.h"
#include "system/serve/instances.h"
#include "system/serve/json_text.h"
#include "system/serve/media_type.h"
#include "system/serve/model_metadata.h"
#include "system/serve/shadow_worker.h"
#include "system/serve/stage_timer.h"

namespace millgate {

namespace {

void count_answers(Telemetry& telemetry, const Answers& answers) {
  telemetry.predictions.fetch_add(static_cast<int64_t>(answers.ids.size()));
  const auto warned = std::count_if(answers.warnings.begin(), answers.warnings.end(),
                                    [](const auto& list) { return !list.empty(); });
  if (warned > 0) telemetry.rows_with_warnings.fetch_add(warned);
}

void count_rows(const Answers& answers) {
  ModelStatistics& statistics = answers.model->statistics();
  statistics.rows.fetch_add(answers.ids.size(), std::memory_order_relaxed);
  statistics.last_inference_ms.store(static_cast<uint64_t>(answers.answered_at.micros / 1'000),
                                     std::memory_order_relaxed);
}

HttpResponse answers_reply(const Call& call, const Answers& answers, BodyFormat format) {
  HttpResponse response = json_reply(call, {});
  if (format == BodyFormat::arrow_stream) {
    Result<std::string> bytes = answers_arrow(answers);
    if (!bytes.ok()) return failure_reply(call, bytes.error());
    response.body = *std::move(bytes);
  } else {
    response.body = format == BodyFormat::csv ? answers_csv(answers) : answers_json(answers);
  }
  response.content_type = media_type_of(format);
  return response;
}

/// Whether `version` names the model: its id or 12 or more of its first digits.
bool is_version(const ServedModel& model, const std::string& version) {
  return version.size() >= model.version().size() && model.model().id().hex().starts_with(version);
}

/// Of several projects none is called `name`.
Error no_such_model(const std::vector<ProjectView>& projects, std::string_view name) {
  const std::string asked(name.substr(0, 100));
  return not_found("model `" + asked + "` is not served", name_hint(asked, names_of(projects)));
}

std::optional<Error> other_model(const ServedModel& model, const std::string& name) {
  if (name == model.name()) return std::nullopt;
  return not_found("model `" + name.substr(0, 100) + "` is not served",
                   "`" + model.name() + "` is");
}

std::optional<Error> other_version(const ServedModel& model, const std::string& version) {
  if (is_version(model, version)) return std::nullopt;
  return not_found(
      "version `" + version.substr(0, 100) + "` of model `" + model.name() + "` is not served",
      "`" + model.version() + "` is");
}

/// As KServe and as TensorFlow Serving tell it.
std::string v1_model_json(const ServedModel& model) {
  std::string body = "{\"name\":";
  append_json_text(body, model.name());
  body += ",\"ready\":true,\"model_version_status\":[{\"version\":";
  append_json_text(body, model.version());
  return body + R"(,"state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]})";
}

}  // namespace

Error only_the_gate() {
  return Error{.code = ErrorCode::conflict,
               .what =
                   "models are not loaded or unloaded by requests: what serves is what passed "
                   "the gate",
               .hint = "`millgate release MODEL` or `millgate rollback`; servers follow at once"};
}

Result<std::shared_ptr<const ServedModel>> ModelRoutes::served(std::string_view name,
                                                               std::string_view version) const {
  if (!context_.projects.empty()) return no_such_model(context_.projects, name);
  std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) return nothing_serves();
  if (const auto other = other_model(*model, std::string(name))) return *other;
  if (version.empty()) return model;
  if (const auto other = other_version(*model, std::string(version))) return *other;
  return model;
}

Result<Answers> ModelRoutes::answer(const Call& call, std::shared_ptr<const ServedModel> model,
                                    const Question& question) {
  const auto begun = std::chrono::steady_clock::now();
  const std::shared_ptr<const ServedModel> asked = model;
  Result<Answers> answers = answer_by_turn(call, std::move(model), question);
  const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - begun;
  // Of a roll-out the model that answered counts.
  const ServedModel& told = answers.ok() ? *answers->model : *asked;
  ModelStatistics& statistics = told.statistics();
  (answers.ok() ? statistics.success : statistics.fail).add(taken.count());
  return answers;
}

Result<Answers> ModelRoutes::answer_by_turn(const Call& call,
                                            std::shared_ptr<const ServedModel> model,
                                            const Question& question) {
  if (model->rollout() == nullptr || call.is_pinned) {
    return answer_by({}, call, std::move(model), question);
  }
  return answer_in_rollout(call, std::move(model), question);
}

Result<Answers> ModelRoutes::answer_in_rollout(const Call& call,
                                               std::shared_ptr<const ServedModel> model,
                                               const Question& question) {
  const LiveRollout& rollout = *model->rollout();
  const int64_t number = rollout.rollout().event;
  MILLGATE_ASSIGN(const std::optional<Arm> turn, arm_of(call, model, question.reader));
  if (!turn) {
    rollout.count_left_out();
    return answer_by({}, call, std::move(model), question);
  }
  if (rollout.rollout().plan.mode == RolloutMode::shadow) {
    Result<Answers> answers = answer_by({.rollout = number}, call, model, question);
    if (*turn == Arm::champion || !answers.ok() || rollout.shadow() == nullptr) return answers;
    const InferBody& body = question.reader.body;
    rollout.shadow()->add({.champion = std::move(model),
                           .reader = question.reader,
                           .body = std::string(body.bytes),
                           .json_length = std::string(body.json_length),
                           .request_id = call.request_id,
                           .prediction_ids = answers->ids,
                           .answered_at = answers->answered_at});
    return answers;
  }
  // Reading the rows and the store counts: a challenger may want other inputs.
  const auto begun = std::chrono::steady_clock::now();
  Result<Answers> answers =
      answer_by({.arm = *turn, .rollout = number}, call,
                *turn == Arm::champion ? model : rollout.challenger(), question);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  rollout.count(*turn, !answers.ok(), taken.count());
  return answers;
}

Result<std::optional<Arm>> ModelRoutes::arm_of(const Call& call,
                                               const std::shared_ptr<const ServedModel>& model,
                                               const BodyReader& reader) {
  const LiveRollout& rollout = *model->rollout();
  if (!rollout.reads_rows()) {
    return rollout.arm_of(call.request, call.request_id, *model, nullptr);
  }
  const auto online = online_of(Arm::champion, model);
  MILLGATE_ASSIGN(InferRequest rows, reader.read(*model, online.ok() ? online->get() : nullptr));
  const auto turn = rollout.arm_of(call.request, call.request_id, *model, &rows.batch);
  keep_memory(std::move(rows.batch));
  return turn;
}

Result<Answers> ModelRoutes::answer_by(const Turn& turn, const Call& call,
                                       std::shared_ptr<const ServedModel> model,
                                       const Question& question) {
  StageTimer timer(model->statistics(), call.span);
  const auto online = online_of(turn.arm, model);
  Result<InferRequest> read = question.reader.read(*model, online.ok() ? online->get() : nullptr);
  if (!read.ok()) {
    // Without the store, what is read from it must be sent; why there is none says more.
    const bool is_unread = !online.ok() && read.error().code == ErrorCode::invalid_input;
    return is_unread ? online.error() : read.error();
  }
  RowBatch batch = std::move(read->batch);
  timer.end(Stage::read);
  if (online.ok() && *online) {
    const Status filled = (*online)->fill(batch, context_.clock.now(), context_.telemetry);
    if (!filled.ok()) {
      bound_[index_of(turn.arm)].store(
          nullptr);  // The store may have changed: the next one looks anew.
      return filled.error();
    }
    timer.end(Stage::online);
  }
  warn_of_ranges(*model, batch);
  std::optional<Explanations> explanations;
  if (question.told_max) {
    MILLGATE_ASSIGN(std::shared_ptr<const Explainer> explainer, explainer_of(turn.arm, *model));
    MILLGATE_ASSIGN(explanations,
                    explain_batch(*model, std::move(explainer), batch, *question.told_max));
    timer.end(Stage::explain);
  }
  MILLGATE_ASSIGN(Answers answers, answer_rows(std::move(model), std::move(batch), call.request_id,
                                               {.clock = context_.clock,
                                                .ids = ids_,
                                                .log = context_.log,
                                                .log_share = context_.log_share,
                                                .sketches = context_.sketches,
                                                .rollout = turn.rollout}));
  timer.end(Stage::predict);
  count_rows(answers);
  answers.explanations = std::move(explanations);
  if (call.span != nullptr) {
    call.span->attributes.emplace_back("millgate.model", answers.model->name());
    call.span->attributes.emplace_back("millgate.model.version", answers.model->version());
    call.span->attributes.emplace_back("millgate.rows", std::ssize(answers.ids));
  }
  if (question.infer != nullptr) *question.infer = *std::move(read);
  count_answers(context_.telemetry, answers);
  return answers;
}

HttpResponse ModelRoutes::answer_body(const Call& call, BodyReader::ReadJson read_json,
                                      std::optional<size_t> told_max) {
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (auto refused = refuse_encoding(call)) return *std::move(refused);
  const HttpRequest& request = call.request;
  const Result<MediaType> type = parse_content_type(request.content_type);
  if (!type.ok()) return failure_reply(call, 415, type.error());
  std::shared_ptr<const ServedModel> model = context_.models.get();
  if (model == nullptr) return not_ready(call);
  const BodyReader reader{.type = *type,
                          .read_json = read_json,
                          .read_infer = nullptr,
                          .body = {.bytes = request.body, .json_length = {}},
                          .rows_max = context_.rows_max};
  const bool is_arrow = type->format == BodyFormat::arrow_stream;
  const BodyFormat accepted =
      parse_accept(request.accept, is_arrow ? BodyFormat::arrow_stream : BodyFormat::json);
  if (!told_max) {
    const auto wanted = wanted_explanation(request.target);
    if (!wanted.ok()) return failure_reply(call, wanted.error());
    told_max = *wanted;
  }
  if (told_max && accepted != BodyFormat::json) {
    return failure_reply(
        call, 406,
        invalid_input("explanations are told as JSON only", "send `Accept: application/json`"));
  }
  const Result<Answers> answers =
      answer(call, std::move(model), {.reader = reader, .told_max = told_max});
  if (!answers.ok()) return failure_reply(call, answers.error());
  StageTimer timer(answers->model->statistics(), call.span);
  HttpResponse response = answers_reply(call, *answers, accepted);
  timer.end(Stage::write);
  return response;
}

bool ModelRoutes::wants_explanation(std::string_view target) {
  const size_t query = target.find('?');
  const std::string_view path = target.substr(0, query);
  return (query != std::string_view::npos &&
          target.substr(query).find("explain=") != std::string_view::npos) ||
         (path.starts_with("/v1/") && path.ends_with(":explain"));
}

Result<std::shared_ptr<const Explainer>> ModelRoutes::explainer_of(Arm arm,
                                                                   const ServedModel& model) {
  const Id& id = model.model().id();
  auto& explaining = explaining_[index_of(arm)];
  const std::shared_ptr<const Explaining> known = explaining.load();
  if (known && known->model == id) return known->explainer;
  if (context_.objects == nullptr) {
    return invalid_input("this server explains nothing: it serves a model alone",
                         "`millgate serve` in a project does");
  }
  MILLGATE_ASSIGN(std::shared_ptr<const Explainer> explainer,
                  load_explainer(*context_.objects, id));
  explaining.store(std::make_shared<const Explaining>(Explaining{id, explainer}));
  return explainer;
}

HttpResponse ModelRoutes::predict(Call& call) {
  call.route = Route::predict;
  return answer_body(call, read_rows);
}

HttpResponse ModelRoutes::invoke(Call& call) {
  call.route = Route::invocations;
  return answer_body(call, read_instances);
}

Error ModelRoutes::nothing_serves() const {
  return Error{.code = ErrorCode::outside, .what = "not ready: " + context_.models.trouble()};
}

HttpResponse ModelRoutes::not_ready(const Call& call) const {
  return failure_reply(call, 503, nothing_serves());
}

Result<std::shared_ptr<const OnlineFeatures>> ModelRoutes::online_of(
    Arm arm, const std::shared_ptr<const ServedModel>& model) {
  std::shared_ptr<const OnlineFeatures> bound;
  if (context_.online == nullptr || model->model().manifest().views.empty()) return bound;
  auto& place = bound_[index_of(arm)];
  bound = place.load();
  if (bound && bound->model().model().id() == model->model().id()) return bound;
  MILLGATE_ASSIGN(bound, OnlineFeatures::bind(context_.online, model));
  place.store(bound);
  return bound;
}

HttpResponse ModelRoutes::v1(Call& call) {
  call.route = Route::metadata;
  const std::vector<std::string>& path = call.path;
  if (path.size() < 2 || path[1] != "models") return unknown_path_reply(call);
  if (!context_.projects.empty() && path.size() > 2) {
    const std::string name = path[2].substr(0, path[2].rfind(':'));
    return failure_reply(call, no_such_model(context_.projects, name));
  }
  const std::shared_ptr<const ServedModel> model = context_.models.get();
  if (path.size() == 2) {
    if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
    std::string body = "{\"models\":[";
    for (const ProjectView& project : context_.views()) {
      if (!project.models->is_ready()) continue;
      if (body.back() != '[') body += ',';
      append_json_text(body, name_of(project));
    }
    return json_reply(call, body + "]}");
  }
  // The verb stands behind the last part: models/NAME:predict, models/NAME/versions/V:predict.
  std::string last = path.back();
  const size_t colon = last.rfind(':');
  const std::string verb = colon == std::string::npos ? "" : last.substr(colon + 1);
  last = last.substr(0, colon);
  const bool has_version = path.size() == 5 && path[3] == "versions";
  if ((path.size() != 3 && !has_version) ||
      (!verb.empty() && verb != "predict" && verb != "explain")) {
    return unknown_path_reply(call);
  }
  if (!verb.empty()) call.route = Route::predict_v1;
  if (model == nullptr) return not_ready(call);
  std::optional<Error> other = other_model(*model, has_version ? path[2] : last);
  if (!other && has_version) other = other_version(*model, last);
  call.is_pinned = has_version;
  if (other) return failure_reply(call, *other);
  if (verb == "predict") return answer_body(call, read_instances);
  if (verb == "explain") {
    return answer_body(call, read_instances, std::numeric_limits<size_t>::max());
  }
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  return json_reply(call, v1_model_json(*model));
}

HttpResponse ModelRoutes::v2(Call& call) {
  call.route = Route::metadata;
  const std::vector<std::string>& path = call.path;
  const bool asks_for_all = path.size() == 3 && path[2] == "stats";
  if (!context_.projects.empty() && !asks_for_all) {
    return failure_reply(call, no_such_model(context_.projects, path[2]));
  }
  std::shared_ptr<const ServedModel> model = context_.models.get();
  if (asks_for_all && (model == nullptr || model->name() != "stats")) {
    if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
    return json_reply(call, model_statistics_json(models_of(context_.views())));
  }
  if (model == nullptr) return not_ready(call);
  if (const auto other = other_model(*model, path[2])) return failure_reply(call, *other);
  size_t next = 3;
  if (path.size() >= 5 && path[3] == "versions") {
    if (const auto other = other_version(*model, path[4])) return failure_reply(call, *other);
    next = 5;
    call.is_pinned = true;
  }
  if (path.size() == next + 1 && path[next] == "infer") return infer(call, std::move(model));
  const bool is_ready = path.size() == next + 1 && path[next] == "ready";
  const bool is_counted = path.size() == next + 1 && path[next] == "stats";
  if (!is_ready && !is_counted && path.size() != next) return unknown_path_reply(call);
  if (auto refused = refuse_method(call, "GET")) return *std::move(refused);
  if (is_counted) return json_reply(call, model_statistics_json({model}));
  if (!is_ready) return json_reply(call, model_metadata_json(*model, context_.clock.now()));
  std::string body = "{\"name\":";
  append_json_text(body, model->name());
  return json_reply(call, body + ",\"ready\":true}");
}

HttpResponse ModelRoutes::infer(Call& call, std::shared_ptr<const ServedModel> model) {
  call.route = Route::infer;
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (auto refused = refuse_encoding(call)) return *std::move(refused);
  InferRequest wanted;
  const BodyReader reader{
      .type = {},
      .read_json = nullptr,
      .read_infer = read_infer,
      .body = {.bytes = call.request.body, .json_length = call.request.inference_header_length},
      .rows_max = context_.rows_max};
  const Result<Answers> answers =
      answer(call, std::move(model), {.reader = reader, .told_max = {}, .infer = &wanted});
  if (!answers.ok()) return failure_reply(call, answers.error());
  StageTimer timer(answers->model->statistics(), call.span);
  InferAnswer told = infer_answer(*answers, wanted);
  timer.end(Stage::write);
  HttpResponse response = json_reply(call, std::move(told.body));
  response.inference_header_bytes = told.json_bytes;
  if (told.json_bytes > 0) response.content_type = "application/octet-stream";
  return response;
}

}  // namespace millgate
