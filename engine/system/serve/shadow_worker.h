/// Answers requests a second time with a challenger, where nobody waits for it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "data/online/online_store.h"
#include "ground/clock.h"
#include "system/serve/body_reader.h"
#include "system/serve/live_rollout.h"
#include "system/serve/prediction_log.h"

namespace millgate {

/// A request that was answered.
struct ShadowTask {
  std::shared_ptr<const ServedModel> champion;  ///< Its roll-out has the challenger.
  BodyReader reader;
  std::string body;         ///< What `reader` reads: set when it is worked on.
  std::string json_length;  ///< As `body`.
  std::string request_id;
  std::vector<std::string> prediction_ids;  ///< The answer's: labels for these are labels of both.
  Time answered_at;
};

/// One thread that stands back behind those that answer. What does not find room is dropped and
/// counted; nothing ever waits for it. Thread-safe.
class ShadowWorker {
 public:
  /// Logs as `log` says, from the first task on; an empty folder: not at all.
  ShadowWorker(PredictionLogOptions log, std::shared_ptr<OnlineStore> online);
  ~ShadowWorker();  ///< Works off nothing more; what was answered is in the log.
  ShadowWorker(const ShadowWorker&) = delete;
  ShadowWorker& operator=(const ShadowWorker&) = delete;

  void add(ShadowTask task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millgate
