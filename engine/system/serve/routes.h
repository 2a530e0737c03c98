/// From a request to its answer: which handler, and what they share.
#pragma once

#include <optional>
#include <string>

#include "system/serve/call.h"
#include "system/serve/client_rates.h"
#include "system/serve/grpc_routes.h"
#include "system/serve/message.h"
#include "system/serve/model_routes.h"
#include "system/serve/prediction_id.h"
#include "system/serve/route_context.h"

namespace millgate {

/// Answers requests. Thread-safe; knows no sockets.
class Routes {
 public:
  explicit Routes(RouteContext context) : context_(std::move(context)) {}
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  /// Never fails: errors are answers.
  [[nodiscard]] HttpResponse answer(const HttpRequest& request);
  /// The text of /metrics, in Prometheus' format.
  [[nodiscard]] std::string metrics_text() const;
  /// Whether answering takes long or may wait for the disk, and so must not hold up predictions.
  [[nodiscard]] static bool is_slow(const HttpRequest& request);

 private:
  /// Finds out who calls. The refusal, where they may not.
  [[nodiscard]] std::optional<HttpResponse> refuse_caller(Call& call, bool is_health_route) const;
  /// The refusal of a client that asks more often than it may.
  [[nodiscard]] std::optional<HttpResponse> refuse_hasty(const Call& call, bool is_health_route);
  HttpResponse dispatch(Call& call);
  HttpResponse welcome(const Call& call);
  /// Of a server with several projects: 400 that says how to name one.
  HttpResponse ask_for_project(const Call& call) const;
  HttpResponse description(Call& call);
  HttpResponse version(Call& call);
  HttpResponse live(Call& call);
  HttpResponse readiness(Call& call);
  HttpResponse readiness_of_all(const Call& call) const;
  HttpResponse feedback(Call& call);
  HttpResponse features(Call& call);
  HttpResponse one_entity(Call& call);
  HttpResponse push(Call& call);
  HttpResponse metrics(Call& call);
  HttpResponse sketches(Call& call);
  HttpResponse rollback(Call& call);
  HttpResponse rollout(Call& call);
  HttpResponse protocol(Call& call);
  HttpResponse repository(Call& call);

  RouteContext context_;
  PredictionIds ids_;
  ClientRates rates_;
  ModelRoutes models_{context_, ids_};
  GrpcRoutes grpc_{context_, models_};
};

}  // namespace millgate
