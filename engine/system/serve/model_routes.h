/// Requests about the model that serves: predictions in each protocol, and what is known of it.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string_view>

#include "ground/error.h"
#include "system/serve/body_reader.h"
#include "system/serve/call.h"
#include "system/serve/live_rollout.h"
#include "system/serve/online_features.h"
#include "system/serve/prediction_id.h"
#include "system/serve/predictor.h"
#include "system/serve/route_context.h"

namespace millgate {

/// To who would load or unload a model by a request: what serves is a decision with a reason.
[[nodiscard]] Error only_the_gate();

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

  /// What serves, if it is `name` and, unless that is empty, `version`. Errors: `not_found`;
  /// `outside` when nothing serves.
  [[nodiscard]] Result<std::shared_ptr<const ServedModel>> served(std::string_view name,
                                                                  std::string_view version) const;
  /// What an answer needs besides its request.
  struct Question {
    const BodyReader& reader;
    std::optional<size_t> told_max = {};  ///< So many contributions are explained; nothing: none.
    InferRequest* infer = nullptr;        ///< Gets what of an infer request is no row.
  };
  /// Predicts what the question reads: by `model`, or, in a roll-out, by whose turn it is.
  [[nodiscard]] Result<Answers> answer(const Call& call, std::shared_ptr<const ServedModel> model,
                                       const Question& question);

 private:
  /// Reads a body as its type says, JSON by `read_json`, and answers as its sender accepts.
  HttpResponse answer_body(const Call& call, BodyReader::ReadJson read_json,
                           std::optional<size_t> told_max = {});
  [[nodiscard]] Error nothing_serves() const;
  [[nodiscard]] Result<Answers> answer_by_turn(const Call& call,
                                               std::shared_ptr<const ServedModel> model,
                                               const Question& question);
  [[nodiscard]] Result<Answers> answer_in_rollout(const Call& call,
                                                  std::shared_ptr<const ServedModel> model,
                                                  const Question& question);
  /// Who answers, and the event number of the roll-out in which the request takes part.
  struct Turn {
    Arm arm = Arm::champion;
    std::optional<int64_t> rollout = {};
  };
  [[nodiscard]] Result<Answers> answer_by(const Turn& turn, const Call& call,
                                          std::shared_ptr<const ServedModel> model,
                                          const Question& question);
  /// Who answers, where that depends on the rows: they are read for it.
  [[nodiscard]] Result<std::optional<Arm>> arm_of(const Call& call,
                                                  const std::shared_ptr<const ServedModel>& model,
                                                  const BodyReader& reader);
  HttpResponse infer(Call& call, std::shared_ptr<const ServedModel> model);
  /// `model` bound to the online store; null without a store or where the model reads no view.
  [[nodiscard]] Result<std::shared_ptr<const OnlineFeatures>> online_of(
      Arm arm, const std::shared_ptr<const ServedModel>& model);

  /// The explainer of `model`, loaded when it is asked for first: who only predicts does not pay.
  [[nodiscard]] Result<std::shared_ptr<const Explainer>> explainer_of(Arm arm,
                                                                      const ServedModel& model);

  const RouteContext& context_;
  PredictionIds& ids_;

  /// An explainer and the model that it belongs to.
  struct Explaining {
    Id model;
    std::shared_ptr<const Explainer> explainer;
  };

  /// By arm, of the model asked for last.
  std::array<std::atomic<std::shared_ptr<const Explaining>>, kArmCount> explaining_;
  std::array<std::atomic<std::shared_ptr<const OnlineFeatures>>, kArmCount> bound_;
};

}  // namespace millgate
