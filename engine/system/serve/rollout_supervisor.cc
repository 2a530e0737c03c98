#include "system/serve/rollout_supervisor.h"

#include <algorithm>
#include <utility>

#include "ground/file_lock.h"
#include "system/serve/rollout_outcomes.h"
#include "system/serve/rollout_report.h"

namespace millgate {

namespace {

/// Reading the log again takes at most this part of the time.
constexpr int kReadRest = 20;

std::string author_of(const Rollout& rollout) {
  return "roll-out " + std::to_string(rollout.event) + " of " + rollout.by;
}

}  // namespace

RolloutSupervisor::RolloutSupervisor(std::shared_ptr<Repository> repository, const ModelSlot& slot,
                                     std::string environment, std::chrono::milliseconds every)
    : repository_(std::move(repository)),
      slot_(slot),
      environment_(std::move(environment)),
      every_(every),
      rollouts_(repository_->folder("rollouts")) {
  thread_ = std::thread([this] { run(); });
}

RolloutSupervisor::~RolloutSupervisor() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::string RolloutSupervisor::trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

void RolloutSupervisor::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool is_last = wake_.wait_for(lock, every_, [&] { return ending_; });
    lock.unlock();
    work();
    lock.lock();
    if (is_last) return;
  }
}

void RolloutSupervisor::work() {
  const std::shared_ptr<const ServedModel> now = slot_.get();
  const bool is_live = now != nullptr && now->rollout() != nullptr;
  // Of one that has ended, what was counted while it ended is saved once more.
  const std::shared_ptr<const ServedModel> before = std::exchange(seen_, is_live ? now : nullptr);
  Status status;
  for (const auto& model : {before, before == seen_ ? nullptr : seen_}) {
    if (model == nullptr) continue;
    const LiveRollout& live = *model->rollout();
    const Status saved = live.counts()->save(rollout_folder(rollouts_, live.rollout()));
    if (!saved.ok()) status = saved;
  }
  if (status.ok() && is_live) {
    const LiveRollout& live = *now->rollout();
    status = judge(*now, rollout_folder(rollouts_, live.rollout()));
  }
  const std::scoped_lock lock(mutex_);
  trouble_ = status.ok() ? std::string() : status.error().what;
}

Status RolloutSupervisor::judge(const ServedModel& champion, const std::string& folder) {
  MILLGATE_ASSIGN(const auto lock, try_lock_file(folder + "/judge.lock"));
  if (!lock) return {};
  MILLGATE_TRY(measure_outcomes(champion, folder));
  const Time now = repository_->clock().now();
  const Rollout& rollout = champion.rollout()->rollout();
  MILLGATE_ASSIGN(const RolloutReport report, saved_report(rollouts_, rollout, now));
  if (rollout.plan.by_hand) return {};
  Ledger& ledger = repository_->ledger();
  const std::string author = author_of(rollout);
  Status done;
  switch (report.move) {
    case RolloutMove::wait:
      return {};
    case RolloutMove::advance:
      done = advance_rollout(ledger, rollout, report.reason, author, report.share);
      break;
    case RolloutMove::roll_back:
      done = roll_back_rollout(ledger, rollout, report.reason, author);
      break;
    case RolloutMove::promote: {
      Environment environment;
      environment.key = environment_;
      const auto promoted = promote_rollout(ledger, rollout, report.reason, author,
                                            {.environment = environment, .now = now});
      if (!promoted.ok()) done = promoted.error();
      break;
    }
  }
  // Somebody else, or a moment ago this server, did it first.
  return !done.ok() && done.error().code == ErrorCode::conflict ? Status() : done;
}

Status RolloutSupervisor::measure_outcomes(const ServedModel& champion, const std::string& folder) {
  using Steady = std::chrono::steady_clock;
  const auto begun = Steady::now();
  const Rollout& rollout = champion.rollout()->rollout();
  const ServedModel& challenger = *champion.rollout()->challenger();
  const bool has_losses =
      challenger.is_binary() || !challenger.classes().empty() || rollout.plan.loss_cap > 0;
  if (begun < outcomes_at_ || (!has_losses && rollout.plan.earned_cap == 0)) return {};
  MILLGATE_ASSIGN(const StepOutcomes outcomes,
                  rollout_outcomes({.predictions = repository_->folder("predictions"),
                                    .shadow = repository_->folder("shadow"),
                                    .feedback = repository_->folder("feedback"),
                                    .outcomes = repository_->folder("outcomes")},
                                   rollout, {champion.classes(), challenger.classes()},
                                   repository_->clock().now()));
  MILLGATE_TRY(save_outcomes(folder, outcomes));
  outcomes_at_ = Steady::now() + kReadRest * (Steady::now() - begun);
  return {};
}

}  // namespace millgate
