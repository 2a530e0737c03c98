/// The services that are spoken over gRPC: the Open Inference Protocol's
/// `inference.GRPCInferenceService`, and `grpc.health.v1.Health`.
#pragma once

#include <string_view>

#include "system/serve/call.h"
#include "system/serve/model_routes.h"
#include "system/serve/route_context.h"

namespace millgate {

inline constexpr std::string_view kInferenceService = "inference.GRPCInferenceService";
inline constexpr std::string_view kHealthService = "grpc.health.v1.Health";

/// Whether `call` asks for health, which anybody may.
[[nodiscard]] bool is_grpc_health(const Call& call);
/// Whether it asks for predictions.
[[nodiscard]] bool is_grpc_infer(const Call& call);

/// Answers calls by the routes of the model: the same rows, the same numbers, the same log. The
/// body of an answer is its message. Thread-safe; everything outlives it.
class GrpcRoutes {
 public:
  GrpcRoutes(const RouteContext& context, ModelRoutes& models)
      : context_(context), models_(models) {}

  /// `call` is one of gRPC. Never fails: errors are answers.
  HttpResponse answer(Call& call);

 private:
  HttpResponse infer(Call& call, std::string_view message);
  HttpResponse metadata(const Call& call, std::string_view message);
  HttpResponse statistics(const Call& call, std::string_view message);
  HttpResponse model_ready(const Call& call, std::string_view message);

  const RouteContext& context_;
  ModelRoutes& models_;
};

}  // namespace millgate
