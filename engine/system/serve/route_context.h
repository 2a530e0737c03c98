/// What handlers of requests share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "data/online/online_store.h"
#include "ground/clock.h"
#include "system/serve/access_guard.h"
#include "system/serve/prediction_log.h"
#include "system/serve/rollback_answer.h"
#include "system/serve/served_model.h"
#include "system/serve/telemetry.h"
#include "system/serve/tracer.h"

namespace millgate {

class RolloutSupervisor;
class SketchKeeper;

/// Where GET /rollout looks.
struct RolloutPlace {
  const Ledger* ledger = nullptr;                 ///< Null: this server follows none.
  std::string environment = {};                   ///< Key.
  std::string folder = {};                        ///< Of the files of roll-outs.
  const RolloutSupervisor* supervisor = nullptr;  ///< Null: nobody judges here.
};

/// What of a project is told where a request is about the whole server.
struct ProjectView {
  std::string name;
  const ModelSlot* models = nullptr;
  const PredictionLog* log = nullptr;  ///< Null: nothing is logged.
  SketchKeeper* sketches = nullptr;    ///< Null: nothing is counted by column.
  std::shared_ptr<OnlineStore> online = nullptr;
};

/// What a project is called: as its project file does, or where that is not known as its model.
[[nodiscard]] std::string name_of(const ProjectView& project);
[[nodiscard]] std::vector<std::string> names_of(const std::vector<ProjectView>& projects);
/// The models that are loaded.
[[nodiscard]] ServedModels models_of(const std::vector<ProjectView>& projects);
/// Whether each would answer.
[[nodiscard]] bool are_ready(const std::vector<ProjectView>& projects);

/// Everything outlives the handlers; `log` may be null.
struct RouteContext {
  const ModelSlot& models;
  Telemetry& telemetry;
  const Clock& clock;
  PredictionLog* log = nullptr;
  double log_share = 1;              ///< Of the requests that are logged.
  SketchKeeper* sketches = nullptr;  ///< Null: nothing is counted by column.
  const ObjectStore* objects =
      nullptr;  ///< Explainers are read from it; null: nothing is explained.
  std::shared_ptr<OnlineStore> online = nullptr;  ///< Null: features are not read by entity.
  std::string feedback_folder;
  std::string outcomes_folder = {};
  RollbackAccess rollback = {};
  RolloutPlace rollout = {};
  const AccessGuard* guard = nullptr;  ///< Null: no tokens are wanted.
  std::string predict_route = {};      ///< One more path that answers as /invocations; empty: none.
  std::string health_route = {};       ///< One more path that answers as /ping; empty: none.
  size_t rows_max = 65'536;
  double client_rate = 0;    ///< Requests of a client in a second; 0: without a bound.
  Tracer* tracer = nullptr;  ///< Null: no request is recorded as a span.
  /// Of the routes of a whole server with several projects; empty: these are of one project.
  std::vector<ProjectView> projects = {};

  /// All that is told of: `projects`, or this one.
  [[nodiscard]] std::vector<ProjectView> views() const;
};

}  // namespace millgate
