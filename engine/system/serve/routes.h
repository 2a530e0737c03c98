/// From a request to its answer: which handler, and what they share.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "data/online/online_store.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "system/serve/message.h"
#include "system/serve/online_features.h"
#include "system/serve/prediction_id.h"
#include "system/serve/prediction_log.h"
#include "system/serve/rollback_answer.h"
#include "system/serve/served_model.h"
#include "system/serve/telemetry.h"

namespace millgate {

/// What handlers work with. Everything outlives the routes; `log` may be null.
struct RouteContext {
  const ModelSlot& models;
  Telemetry& telemetry;
  const Clock& clock;
  PredictionLog* log = nullptr;
  std::shared_ptr<OnlineStore> online = nullptr;  ///< Null: features are not read by entity.
  std::string feedback_folder;
  RollbackAccess rollback = {};
  size_t rows_max = 65'536;
};

/// Answers requests. Thread-safe; knows no sockets.
class Routes {
 public:
  explicit Routes(RouteContext context) : context_(std::move(context)) {}

  /// Never fails: errors are answers.
  [[nodiscard]] HttpResponse answer(const HttpRequest& request);
  /// Whether answering may wait for the disk, and so must not hold up predictions.
  [[nodiscard]] static bool is_slow(const HttpRequest& request);

 private:
  struct Call;
  HttpResponse dispatch(const Call& call);
  HttpResponse predict(const Call& call);
  HttpResponse feedback(const Call& call);
  HttpResponse features(const Call& call);
  HttpResponse one_entity(const Call& call);
  HttpResponse push(const Call& call);
  HttpResponse metrics(const Call& call);
  HttpResponse rollback(const Call& call);
  /// `model` bound to the online store; null without a store or where the model reads no view.
  [[nodiscard]] Result<std::shared_ptr<const OnlineFeatures>> online_of(
      const std::shared_ptr<const ServedModel>& model);
  HttpResponse protocol(const Call& call);
  HttpResponse model_route(const Call& call);
  HttpResponse infer(const Call& call, std::shared_ptr<const ServedModel> model);
  HttpResponse readiness(const Call& call);
  HttpResponse not_ready(const Call& call) const;

  RouteContext context_;
  PredictionIds ids_;
  std::atomic<std::shared_ptr<const OnlineFeatures>> bound_;  ///< Of the model asked for last.
};

}  // namespace millgate
