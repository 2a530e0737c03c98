/// What handlers of requests share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

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
  RollbackAccess rollback = {};
  RolloutPlace rollout = {};
  const AccessGuard* guard = nullptr;  ///< Null: no tokens are wanted.
  std::string predict_route = {};      ///< One more path that answers as /invocations; empty: none.
  std::string health_route = {};       ///< One more path that answers as /ping; empty: none.
  size_t rows_max = 65'536;
  double client_rate = 0;    ///< Requests of a client in a second; 0: without a bound.
  Tracer* tracer = nullptr;  ///< Null: no request is recorded as a span.
};

}  // namespace millgate
