#include "system/serve/model_follower.h"

#include <utility>

#include "model/release/alias.h"
#include "model/release/refusal.h"

namespace millgate {

namespace {

constexpr std::chrono::seconds kRetryAfter{1};

/// Why nothing serves where something else than a release is followed.
std::string nothing_there(const Followed& followed) {
  if (!followed.alias.empty()) {
    return "alias `" + followed.alias + "` names no model; `millgate alias " + followed.alias +
           " MODEL` does";
  }
  if (followed.environment.empty()) return {};
  return "nothing is live in `" + followed.environment + "`; promote a model with `millgate " +
         "promote MODEL --to " + followed.environment + "`";
}

bool is_same(const std::optional<Serving>& a, const Serving& b) {
  return a && a->model == b.model && a->since_event == b.since_event;
}

}  // namespace

ModelFollower::ModelFollower(std::shared_ptr<Repository> repository, ModelSlot& slot,
                             Telemetry& telemetry, std::chrono::milliseconds every,
                             Followed followed)
    : repository_(std::move(repository)),
      slot_(slot),
      telemetry_(telemetry),
      followed_(std::move(followed)),
      every_(every) {
  if (const std::string trouble = nothing_there(followed_); !trouble.empty()) {
    slot_.set_trouble(trouble);
  }
  if (const Status status = look(); !status.ok()) slot_.set_trouble(status.error().what);
  thread_ = std::thread([this] { run(); });
}

ModelFollower::~ModelFollower() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ModelFollower::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [&] { return ending_; })) {
    lock.unlock();
    if (std::chrono::steady_clock::now() >= retry_at_) {
      if (const Status status = look(); !status.ok()) {
        slot_.set_trouble(status.error().what);
        retry_at_ = std::chrono::steady_clock::now() + kRetryAfter;
      }
    }
    lock.lock();
  }
}

bool ModelFollower::sleep(const std::atomic<int>& users) {
  const std::unique_lock lock(looking_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  const std::shared_ptr<const ServedModel> model = slot_.get();
  if (model == nullptr || model->rollout() != nullptr) return false;
  asleep_statistics_ = model->shared_statistics();
  asleep_model_ = model->model().id();
  return slot_.put_to_sleep(users);
}

Status ModelFollower::wake() {
  const std::scoped_lock lock(looking_);
  if (!slot_.is_asleep()) return {};
  const Status status = look_locked(true);
  if (!status.ok()) slot_.set_trouble(status.error().what);
  return status;
}

Status ModelFollower::look() {
  const std::scoped_lock lock(looking_);
  return look_locked(false);
}

Status ModelFollower::look_locked(bool wakes) {
  MILLGATE_ASSIGN(const int64_t head, repository_->ledger().head());
  if (head == seen_ && !wakes) return {};
  // First: a model that cannot be loaded must not keep a token alive that was taken away.
  if (followed_.guard != nullptr) MILLGATE_TRY(followed_.guard->follow(repository_->ledger()));
  // What sleeps is told of a release when it is asked for.
  if (!slot_.is_asleep() || wakes) {
    MILLGATE_ASSIGN(const std::optional<Serving> now, wanted());
    if (now) MILLGATE_TRY(serve(*now));
  }
  seen_ = head;
  return {};
}

Status ModelFollower::serve(const Serving& now) {
  const std::shared_ptr<const ServedModel> before = slot_.get();
  const bool is_loaded = before != nullptr && before->model().id() == now.model;
  std::shared_ptr<const Model> model = is_loaded ? before->shared() : nullptr;
  if (!is_loaded) {
    Result<std::shared_ptr<const Model>> loaded = Model::load(repository_->objects(), now.model);
    if (!loaded.ok()) {
      telemetry_.model_load_failures.fetch_add(1);
      return std::move(loaded).error().inside("model " + now.model.brief() +
                                              " is released and cannot be loaded");
    }
    model = *std::move(loaded);
    telemetry_.model_loads.fetch_add(1);
  }
  // A challenger that cannot be had costs the roll-out, not what serves.
  const Result<std::shared_ptr<const LiveRollout>> rollout = rollout_beside(now);
  const auto beside = rollout.ok() ? *rollout : nullptr;
  if (!is_loaded || !is_same(before->live(), now) || before->rollout() != beside.get()) {
    // A roll-out that begins or goes on changes nothing of what has been answered.
    std::shared_ptr<ModelStatistics> statistics = is_loaded ? before->shared_statistics() : nullptr;
    if (!is_loaded && asleep_model_ == now.model) statistics = asleep_statistics_;
    slot_.set(std::make_shared<const ServedModel>(std::move(model), now, beside,
                                                  std::move(statistics), followed_.name));
  } else {
    slot_.set_trouble({});
  }
  return rollout.ok() ? Status() : Status(rollout.error());
}

Result<std::shared_ptr<const LiveRollout>> ModelFollower::rollout_beside(const Serving& now) {
  std::shared_ptr<const LiveRollout> none;
  if (!followed_.alias.empty()) return none;
  MILLGATE_ASSIGN(const std::optional<Rollout> rollout,
                  running_rollout(repository_->ledger(), followed_.environment));
  // What serves may have changed between the two looks; the next one sees both.
  if (!rollout || rollout->champion != now.model) return none;
  const bool is_known = rollout_ != nullptr && rollout_->rollout().event == rollout->event;
  if (is_known && rollout_->rollout().step == rollout->step) return rollout_;
  auto counts =
      is_known ? rollout_->counts() : std::make_shared<RolloutCounts>(rollout->steps_max());
  std::shared_ptr<const ServedModel> challenger = is_known ? rollout_->challenger() : nullptr;
  if (!is_known) {
    Result<std::shared_ptr<const Model>> model =
        Model::load(repository_->objects(), rollout->challenger);
    if (!model.ok()) {
      telemetry_.model_load_failures.fetch_add(1);
      return std::move(model).error().inside("model " + rollout->challenger.brief() +
                                             " is rolled out and cannot be loaded");
    }
    challenger = std::make_shared<const ServedModel>(*std::move(model), std::nullopt, nullptr,
                                                     nullptr, followed_.name);
    telemetry_.model_loads.fetch_add(1);
  }
  rollout_ = std::make_shared<const LiveRollout>(*rollout, std::move(challenger), std::move(counts),
                                                 followed_.shadow);
  return rollout_;
}

Result<std::optional<Serving>> ModelFollower::wanted() const {
  if (!followed_.alias.empty()) return wanted_by_alias();
  return serving(repository_->ledger(), std::nullopt, followed_.environment);
}

Result<std::optional<Serving>> ModelFollower::wanted_by_alias() const {
  const Ledger& ledger = repository_->ledger();
  MILLGATE_ASSIGN(const std::optional<Alias> alias, find_alias(ledger, followed_.alias));
  if (!alias) return std::optional<Serving>();
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger));
  for (const Serving& one : live) {
    if (one.model == alias->model) return std::optional<Serving>(one);
  }
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict, find_verdict(ledger, alias->model));
  if (!verdict || !verdict->passed()) {
    return refused("alias `" + alias->name + "` names model " + alias->model.brief() +
                       ", which passed no gate and is live nowhere",
                   "`millgate gate " + alias->model.brief() + "` judges it");
  }
  return std::optional<Serving>(Serving{.model = alias->model,
                                        .since_event = alias->event,
                                        .since = alias->since,
                                        .by = alias->by,
                                        .how = "alias",
                                        .reason = alias->reason,
                                        .verdict = verdict->name(),
                                        .environment = {}});
}

}  // namespace millgate
