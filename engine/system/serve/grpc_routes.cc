#include "system/serve/grpc_routes.h"

#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "ground/nearest_name.h"
#include "ground/program_version.h"
#include "system/serve/grpc_infer.h"
#include "system/serve/grpc_message.h"
#include "system/serve/infer_outputs.h"
#include "system/serve/model_metadata.h"
#include "system/serve/stage_timer.h"

namespace millgate {

namespace {

using protozero::pbf_writer;

/// Its type and its frame are the session's, which knows that the request is gRPC.
HttpResponse message_reply(const Call& call, std::string message) {
  return json_reply(call, std::move(message));
}

/// A message whose field 1 is true, or nothing when it is false.
std::string true_message(bool value) {
  std::string message;
  if (value) pbf_writer(message).add_bool(1, true);
  return message;
}

std::string server_metadata() {
  std::string message;
  pbf_writer fields(message);
  fields.add_string(1, "millgate");
  fields.add_string(2, std::string(kProgramVersion));
  return message;
}

void add_tensor(pbf_writer& message, protozero::pbf_tag_type tag, const std::string& name,
                TensorDatatype datatype, const std::vector<int64_t>& shape) {
  pbf_writer tensor(message, tag);
  tensor.add_string(1, name);
  tensor.add_string(2, std::string(to_string(datatype)));
  tensor.add_packed_int64(3, shape.begin(), shape.end());
}

std::string model_metadata(const ServedModel& model) {
  std::string message;
  pbf_writer fields(message);
  fields.add_string(1, model.name());
  fields.add_string(2, model.version());
  fields.add_string(3, std::string(kModelPlatform));
  for (const Field& input : model.inputs()) {
    add_tensor(fields, 4, input.name, datatype_of(input.type), input_shape(input));
  }
  for (const InferOutput& output : infer_outputs(model)) {
    add_tensor(fields, 5, output.name, output.datatype, {-1});
  }
  return message;
}

/// ModelStatisticsResponse of Triton.
std::string statistics_message(const ServedModels& models) {
  std::string message;
  pbf_writer response(message);
  for (const auto& model : models) {
    ModelStatistics& counted = model->statistics();
    pbf_writer of_model(response, 1);
    of_model.add_string(1, model->name());
    of_model.add_string(2, model->version());
    of_model.add_uint64(3, counted.last_inference_ms);
    of_model.add_uint64(4, counted.rows);
    of_model.add_uint64(5, counted.success.count());
    pbf_writer durations(of_model, 6);
    protozero::pbf_tag_type tag = 1;
    for (const DurationSum& sum : duration_sums(counted)) {
      pbf_writer duration(durations, tag++);
      duration.add_uint64(1, sum.count);
      duration.add_uint64(2, sum.nanos);
    }
  }
  return message;
}

/// RepositoryIndexResponse of Triton.
std::string index_message(const ServedModels& models) {
  std::string message;
  pbf_writer response(message);
  for (const auto& model : models) {
    pbf_writer entry(response, 1);
    entry.add_string(1, model->name());
    entry.add_string(2, model->version());
    entry.add_string(3, "READY");
  }
  return message;
}

/// HealthCheckResponse: SERVING or NOT_SERVING.
std::string health_message(bool is_serving) {
  std::string message;
  pbf_writer(message).add_enum(1, is_serving ? 1 : 2);
  return message;
}

HttpResponse unknown_method(const Call& call) {
  const std::vector<std::string> names = {"ServerLive",      "ServerReady",    "ModelReady",
                                          "ServerMetadata",  "ModelMetadata",  "ModelInfer",
                                          "ModelStatistics", "RepositoryIndex"};
  const std::string& method = call.path.size() == 2 ? call.path[1] : call.path[0];
  return failure_reply(call, 501,
                       not_found("gRPC method `" + method.substr(0, 100) + "` is not served",
                                 name_hint(method, names)));
}

}  // namespace

bool is_grpc_health(const Call& call) {
  if (!call.request.is_grpc || call.path.size() != 2) return false;
  const std::string& method = call.path[1];
  return call.path[0] == kHealthService ||
         (call.path[0] == kInferenceService && (method == "ServerLive" || method == "ServerReady"));
}

bool is_grpc_infer(const Call& call) {
  return call.request.is_grpc && call.path.size() == 2 && call.path[0] == kInferenceService &&
         call.path[1] == "ModelInfer";
}

HttpResponse GrpcRoutes::answer(Call& call) {
  call.route = is_grpc_health(call) ? Route::health : Route::metadata;
  if (auto refused = refuse_method(call, "POST")) return *std::move(refused);
  if (call.path.size() != 2) return unknown_method(call);
  const Result<std::string_view> message = grpc_message(call.request.body);
  if (!message.ok()) return failure_reply(call, 501, message.error());
  const std::string& method = call.path[1];
  const bool is_ready = are_ready(context_.views());
  if (call.path[0] == kHealthService) {
    return method == "Check" ? message_reply(call, health_message(is_ready)) : unknown_method(call);
  }
  if (call.path[0] != kInferenceService) return unknown_method(call);
  if (method == "ModelInfer") return infer(call, *message);
  if (method == "ServerLive") return message_reply(call, true_message(true));
  if (method == "ServerReady") return message_reply(call, true_message(is_ready));
  if (method == "ModelReady") return model_ready(call, *message);
  if (method == "ServerMetadata") return message_reply(call, server_metadata());
  if (method == "ModelMetadata") return metadata(call, *message);
  if (method == "ModelStatistics") return statistics(call, *message);
  if (method == "RepositoryIndex") {
    return message_reply(call, index_message(models_of(context_.views())));
  }
  if (method == "RepositoryModelLoad" || method == "RepositoryModelUnload") {
    return failure_reply(call, 409, only_the_gate());
  }
  return unknown_method(call);
}

HttpResponse GrpcRoutes::statistics(const Call& call, std::string_view message) {
  const Result<GrpcModelName> asked = grpc_model_name(message);
  if (!asked.ok()) return failure_reply(call, asked.error());
  // Without a name every model is meant.
  if (asked->name.empty()) {
    return message_reply(call, statistics_message(models_of(context_.views())));
  }
  const auto model = models_.served(asked->name, asked->version);
  if (!model.ok()) return failure_reply(call, model.error());
  return message_reply(call, statistics_message({*model}));
}

HttpResponse GrpcRoutes::model_ready(const Call& call, std::string_view message) {
  const Result<GrpcModelName> asked = grpc_model_name(message);
  if (!asked.ok()) return failure_reply(call, asked.error());
  return message_reply(call, true_message(models_.served(asked->name, asked->version).ok()));
}

HttpResponse GrpcRoutes::metadata(const Call& call, std::string_view message) {
  const Result<GrpcModelName> asked = grpc_model_name(message);
  if (!asked.ok()) return failure_reply(call, asked.error());
  const auto model = models_.served(asked->name, asked->version);
  if (!model.ok()) return failure_reply(call, model.error());
  return message_reply(call, model_metadata(**model));
}

HttpResponse GrpcRoutes::infer(Call& call, std::string_view message) {
  call.route = Route::grpc_infer;
  const Result<GrpcModelName> asked = grpc_model_name(message);
  if (!asked.ok()) return failure_reply(call, asked.error());
  const auto model = models_.served(asked->name, asked->version);
  if (!model.ok()) return failure_reply(call, model.error());
  call.is_pinned = !asked->version.empty();
  InferRequest wanted;
  const BodyReader reader{.type = {},
                          .read_json = nullptr,
                          .read_infer = read_grpc_infer,
                          .body = {.bytes = message, .json_length = {}},
                          .rows_max = context_.rows_max};
  const Result<Answers> answers =
      models_.answer(call, *model, {.reader = reader, .told_max = {}, .infer = &wanted});
  if (!answers.ok()) return failure_reply(call, answers.error());
  StageTimer timer(answers->model->statistics(), call.span);
  std::string told = grpc_infer_answer(*answers, wanted);
  timer.end(Stage::write);
  return message_reply(call, std::move(told));
}

}  // namespace millgate
