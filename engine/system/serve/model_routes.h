/// Requests about the model that serves: predictions in each protocol, and what is known of it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>

#include "ground/error.h"
#include "system/serve/call.h"
#include "system/serve/online_features.h"
#include "system/serve/prediction_id.h"
#include "system/serve/predictor.h"
#include "system/serve/route_context.h"

namespace millgate {

/// Whatever the protocol, rows go through one RowBatch, one `answer_rows` and one log, so that
/// every route gives the same numbers. Thread-safe. `context` and `ids` outlive it.
class ModelRoutes {
 public:
  ModelRoutes(const RouteContext& context, PredictionIds& ids) : context_(context), ids_(ids) {}

  /// POST /predict: our own JSON, or a table.
  HttpResponse predict(Call& call);
  /// POST /invocations of MLflow and SageMaker: instances (instances.h), or a table.
  HttpResponse invoke(Call& call);
  /// /v1/models/...: KServe version 1 and TensorFlow Serving.
  HttpResponse v1(Call& call);
  /// /v2/models/...: the Open Inference Protocol.
  HttpResponse v2(Call& call);
  /// Whether the request asks for explanations, which take much longer than predictions.
  [[nodiscard]] static bool wants_explanation(std::string_view target);
  /// 503 with the reason why nothing serves.
  HttpResponse not_ready(const Call& call) const;

 private:
  using Reader = Result<RowBatch> (*)(const ServedModel& model, const OnlineFeatures* online,
                                      std::string_view body, size_t rows_max);
  /// Reads a body as its type says, JSON by `read_json`, and answers as its sender accepts.
  HttpResponse answer_body(const Call& call, Reader read_json, std::optional<size_t> told_max = {});
  /// Predicts what `read` makes of the request: Result<RowBatch>(model, online). Explains as many
  /// contributions as `told_max` says.
  template <typename Read>
  [[nodiscard]] Result<Answers> answer(const Call& call, std::shared_ptr<const ServedModel> model,
                                       const Read& read, std::optional<size_t> told_max = {});
  HttpResponse infer(Call& call, std::shared_ptr<const ServedModel> model);
  /// `model` bound to the online store; null without a store or where the model reads no view.
  [[nodiscard]] Result<std::shared_ptr<const OnlineFeatures>> online_of(
      const std::shared_ptr<const ServedModel>& model);

  const RouteContext& context_;
  PredictionIds& ids_;
  /// The explainer of `model`, loaded when it is asked for first: who only predicts does not pay.
  [[nodiscard]] Result<std::shared_ptr<const Explainer>> explainer_of(const ServedModel& model);

  /// An explainer and the model that it belongs to.
  struct Explaining {
    Id model;
    std::shared_ptr<const Explainer> explainer;
  };

  std::atomic<std::shared_ptr<const Explaining>> explaining_;  ///< Of the model asked for last.
  std::atomic<std::shared_ptr<const OnlineFeatures>> bound_;   ///< Of the model asked for last.
};

}  // namespace millgate
