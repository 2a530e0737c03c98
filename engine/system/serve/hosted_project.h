/// A project in a server: what of it serves, and all that its requests use.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/online/online_store.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "system/serve/access_guard.h"
#include "system/serve/model_follower.h"
#include "system/serve/prediction_log.h"
#include "system/serve/rollout_supervisor.h"
#include "system/serve/route_context.h"
#include "system/serve/routes.h"
#include "system/serve/served_model.h"
#include "system/serve/server.h"
#include "system/serve/shadow_worker.h"
#include "system/serve/sketch_keeper.h"
#include "system/serve/telemetry.h"

namespace millgate {

/// Thread-safe after `open`.
class HostedProject {
 public:
  /// Follows what the ledger of `project` says. `telemetry` outlives it. Errors: of the log's
  /// folder, and of the identity provider.
  [[nodiscard]] static Result<std::unique_ptr<HostedProject>> open(const ProjectToServe& project,
                                                                   const ServerOptions& options,
                                                                   Telemetry& telemetry);
  /// `model` and nothing else, with logs below `folder`. Errors: as `open`.
  [[nodiscard]] static Result<std::unique_ptr<HostedProject>> open_fixed(
      std::shared_ptr<const Model> model, const std::string& folder, const ServerOptions& options,
      Telemetry& telemetry);
  HostedProject(const HostedProject&) = delete;
  HostedProject& operator=(const HostedProject&) = delete;

  /// What clients call it: as its project file does, or where that is not known as its model does.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] const ModelSlot& models() const { return models_; }
  [[nodiscard]] bool wants_tokens() const;
  /// What handlers of its requests share.
  [[nodiscard]] RouteContext context(Tracer* tracer);

  /// Around a request where models take turns in memory: the model does not fall asleep meanwhile.
  class Use {
   public:
    Use(HostedProject& project, Time now) : project_(project) {
      project_.users_.fetch_add(1);
      project_.asked_micros_.store(now.micros, std::memory_order_relaxed);
    }
    ~Use() { project_.users_.fetch_sub(1); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    HostedProject& project_;
  };
  /// Loads the model again that sleeps. Errors: of the ledger and of loading.
  [[nodiscard]] Status wake();
  /// Lets the model's memory go until it is asked for; not while it is used, a roll-out goes on, or
  /// it is being loaded. Whether it did.
  bool sleep();
  [[nodiscard]] int64_t asked_micros() const {
    return asked_micros_.load(std::memory_order_relaxed);
  }

  /// After the last answer: ends its threads and writes its log.
  void stop();

 private:
  HostedProject(const ServerOptions& options, Telemetry& telemetry)
      : options_(options), telemetry_(telemetry) {}
  [[nodiscard]] Status open_logs();
  [[nodiscard]] Status trust_provider();
  /// Whether who asks is known by the ledger's tokens or an identity provider's.
  [[nodiscard]] bool is_guarded() const;
  [[nodiscard]] bool is_followed() const { return repository_ != nullptr; }

  const ServerOptions options_;
  Telemetry& telemetry_;
  std::string name_;
  std::string environment_;
  std::string folder_;  ///< Of its logs.
  // In the order of use: what stands below uses what stands above.
  std::shared_ptr<Repository> repository_;  ///< Null: it serves one model and follows nothing.
  std::shared_ptr<OnlineStore> online_;
  ModelSlot models_;
  AccessGuard guard_;
  std::unique_ptr<PredictionLog> log_;
  std::unique_ptr<SketchKeeper> sketches_;  ///< Null where nothing is logged.
  std::unique_ptr<ShadowWorker> shadow_;
  std::unique_ptr<ModelFollower> follower_;
  std::unique_ptr<RolloutSupervisor> supervisor_;
  std::atomic<int64_t> asked_micros_{0};  ///< When it was asked last.
  std::atomic<int> users_{0};             ///< Requests that are being answered.
};

}  // namespace millgate
