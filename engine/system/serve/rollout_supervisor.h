/// Keeps what a roll-out counted, judges it, and does what follows.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "data/store/repository.h"
#include "ground/error.h"
#include "system/serve/live_rollout.h"
#include "system/serve/served_model.h"

namespace millgate {

/// Every server of a project has one: each saves its own counts, and the one that has the lock of
/// the roll-out judges those of all. What it does goes into the ledger, with the reason, and takes
/// effect in every server as any other event. A server that is killed loses the counts of `every`;
/// another one takes its place as judge.
class RolloutSupervisor {
 public:
  /// All outlive it.
  RolloutSupervisor(std::shared_ptr<Repository> repository, const ModelSlot& slot,
                    std::string environment, std::chrono::milliseconds every);
  ~RolloutSupervisor();  ///< Saves what was counted.
  RolloutSupervisor(const RolloutSupervisor&) = delete;
  RolloutSupervisor& operator=(const RolloutSupervisor&) = delete;

  /// Why it could not do its work last; empty when it could.
  [[nodiscard]] std::string trouble() const;

 private:
  void run();
  void work();
  /// Both of the roll-out beside `champion`.
  Status judge(const ServedModel& champion, const std::string& folder);
  Status measure_outcomes(const ServedModel& champion, const std::string& folder);

  std::shared_ptr<Repository> repository_;
  const ModelSlot& slot_;
  std::string environment_;
  std::chrono::milliseconds every_;
  std::string rollouts_;                     ///< The folder of all.
  std::shared_ptr<const ServedModel> seen_;  ///< With the roll-out looked at last; null: none.
  std::chrono::steady_clock::time_point outcomes_at_{};  ///< When they may be measured again.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string trouble_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace millgate
