/// Keeps what serves the same as what the ledger says.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/release/registry.h"
#include "system/serve/access_guard.h"
#include "system/serve/live_rollout.h"
#include "system/serve/served_model.h"
#include "system/serve/telemetry.h"

namespace millgate {

/// What of the ledger is followed.
struct Followed {
  std::string name = {};         ///< What clients call the model; see ServedModel.
  std::string environment = {};  ///< Key; empty: what is released.
  /// The model that has this alias instead; only one that passed a gate or is live somewhere, so
  /// that an alias opens no way around the gate. Empty: none.
  std::string alias = {};
  AccessGuard* guard = nullptr;    ///< Told the tokens of the ledger; null: nobody is.
  ShadowWorker* shadow = nullptr;  ///< For challengers that answer unseen; null: they do not.
};

/// Asks the ledger in its own thread, loads a newly released model there and then swaps it in.
/// A model that cannot be loaded leaves the one before in place and is tried again each second.
class ModelFollower {
 public:
  /// Looks once before it returns, so that a server starts with its model.
  ModelFollower(std::shared_ptr<Repository> repository, ModelSlot& slot, Telemetry& telemetry,
                std::chrono::milliseconds every, Followed followed = {});
  ~ModelFollower();  ///< Stops.
  /// Lets the memory of what serves go until `wake`; not where a roll-out goes on, while it looks,
  /// or while `users` counts somebody. Whether it did.
  bool sleep(const std::atomic<int>& users);
  /// Serves again what should. Errors: of the ledger and of loading.
  [[nodiscard]] Status wake();
  ModelFollower(const ModelFollower&) = delete;
  ModelFollower& operator=(const ModelFollower&) = delete;

 private:
  void run();
  /// Errors: of the ledger and of loading; what serves is then as it was.
  [[nodiscard]] Status look();
  [[nodiscard]] Status look_locked(bool wakes);
  /// Puts what is live, and the challenger beside it, where requests find it.
  [[nodiscard]] Status serve(const Serving& now);
  /// What should serve; nothing when there is none. Errors: `refused` for an alias of a model that
  /// must not.
  [[nodiscard]] Result<std::optional<Serving>> wanted() const;
  [[nodiscard]] Result<std::optional<Serving>> wanted_by_alias() const;
  /// The challenger beside `now`; null: there is none. Of a roll-out that goes on, what is loaded
  /// and counted already. Errors: of the ledger and of loading.
  [[nodiscard]] Result<std::shared_ptr<const LiveRollout>> rollout_beside(const Serving& now);

  std::shared_ptr<Repository> repository_;
  ModelSlot& slot_;
  Telemetry& telemetry_;
  Followed followed_;
  std::chrono::milliseconds every_;
  std::shared_ptr<const LiveRollout> rollout_;  ///< The newest that there was.
  int64_t seen_ = -1;                           ///< The ledger's head when all was well last.
  std::mutex looking_;                          ///< Held by who looks, or puts to sleep.
  /// Of the model that sleeps, which goes on counting where it was.
  std::shared_ptr<ModelStatistics> asleep_statistics_;
  Id asleep_model_;
  std::chrono::steady_clock::time_point retry_at_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace millgate
