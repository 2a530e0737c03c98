#include "system/serve/model_follower.h"

#include "model/release/registry.h"

namespace millgate {

namespace {

constexpr std::chrono::seconds kRetryAfter{1};

}  // namespace

ModelFollower::ModelFollower(std::shared_ptr<Repository> repository, ModelSlot& slot,
                             Telemetry& telemetry, std::chrono::milliseconds every)
    : repository_(std::move(repository)), slot_(slot), telemetry_(telemetry), every_(every) {
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

Status ModelFollower::look() {
  MILLGATE_ASSIGN(const int64_t head, repository_->ledger().head());
  if (head == seen_) return {};
  MILLGATE_ASSIGN(const std::optional<Serving> now, serving(repository_->ledger()));
  const std::shared_ptr<const ServedModel> before = slot_.get();
  if (now && (before == nullptr || before->model().id() != now->model)) {
    Result<std::shared_ptr<const Model>> model = Model::load(repository_->objects(), now->model);
    if (!model.ok()) {
      telemetry_.model_load_failures.fetch_add(1);
      return std::move(model).error().inside("model " + now->model.brief() +
                                             " is released and cannot be loaded");
    }
    slot_.set(std::make_shared<const ServedModel>(*std::move(model)));
    telemetry_.model_loads.fetch_add(1);
  } else if (now) {
    slot_.set_trouble({});
  }
  seen_ = head;
  return {};
}

}  // namespace millgate
