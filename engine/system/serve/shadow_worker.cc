#include "system/serve/shadow_worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "system/serve/online_features.h"
#include "system/serve/predictor.h"

namespace millgate {

namespace {

constexpr size_t kTasksMax = 1'024;
constexpr size_t kBytesMax = 32 << 20;

/// Answers go before shadows.
void stand_back() {
#ifdef __linux__
  constexpr int kNice = 10;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
#endif
}

}  // namespace

struct ShadowWorker::State {
  PredictionLogOptions log_options;
  std::unique_ptr<PredictionLog> log;  ///< Null until the first task.
  std::shared_ptr<OnlineStore> online;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<ShadowTask> tasks;
  size_t bytes = 0;  ///< Of the bodies that wait.
  bool ending = false;
  Telemetry ignored;  ///< The champion's reads of the store are counted already.
  std::shared_ptr<const OnlineFeatures> bound;
  Model::Scratch scratch;
  Id scratch_of;
  std::thread thread;

  void run();
  /// Whether there is a log, where one is wanted.
  bool has_log();
  void answer(ShadowTask& task);
  Status predict(ShadowTask& task, const std::shared_ptr<const ServedModel>& challenger);
  Result<const OnlineFeatures*> online_of(const std::shared_ptr<const ServedModel>& model);
};

void ShadowWorker::State::run() {
  stand_back();
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait(lock, [&] { return ending || !tasks.empty(); });
    if (ending) return;
    ShadowTask task = std::move(tasks.front());
    tasks.pop_front();
    bytes -= task.body.size();
    lock.unlock();
    answer(task);
    lock.lock();
  }
}

bool ShadowWorker::State::has_log() {
  if (log != nullptr || log_options.folder.empty()) return true;
  auto opened = PredictionLog::open(log_options);
  if (opened.ok()) log = *std::move(opened);
  return log != nullptr;
}

/// Whatever goes wrong is the challenger's error and nobody else's; but for the disk's.
void ShadowWorker::State::answer(ShadowTask& task) {
  const LiveRollout& rollout = *task.champion->rollout();
  if (!has_log()) return rollout.count_dropped();
  bool is_error = true;
  try {
    is_error = !predict(task, rollout.challenger()).ok();
  } catch (const std::exception&) {
    is_error = true;
  }
  rollout.count(Arm::champion, false, 0);
  rollout.count(Arm::challenger, is_error, 0);
}

Status ShadowWorker::State::predict(ShadowTask& task,
                                    const std::shared_ptr<const ServedModel>& challenger) {
  task.reader.body = {task.body, task.json_length};
  MILLGATE_ASSIGN(const OnlineFeatures* const features, online_of(challenger));
  MILLGATE_ASSIGN(InferRequest request, task.reader.read(*challenger, features));
  RowBatch& batch = request.batch;
  if (features != nullptr) {
    Status filled = features->fill(batch, task.answered_at, ignored);
    if (!filled.ok()) {
      bound = nullptr;  // The store may have changed: the next one looks anew.
      return filled;
    }
  }
  const Model& model = challenger->model();
  if (scratch_of != model.id()) {
    scratch = Model::Scratch();
    scratch_of = model.id();
  }
  std::vector<Prediction> predictions;
  MILLGATE_TRY(model.predict(batch.inputs, predictions, scratch));
  MILLGATE_TRY(check_finite(predictions));
  if (predictions.size() != task.prediction_ids.size()) {
    return bug("the challenger read another number of rows");
  }
  if (log != nullptr) {
    log->add({.model = challenger->shared(),
              .request_id = task.request_id,
              .answered_at = task.answered_at,
              .prediction_ids = task.prediction_ids,
              .row_times = batch.row_times,
              .predictions = predictions,
              .keys = batch.keys,
              .inputs = batch.inputs,
              .online = batch.online,
              .probabilities = model.has_classes() ? std::span<const double>(scratch.values)
                                                   : std::span<const double>(),
              .rollout = task.champion->rollout()->rollout().event});
  }
  return {};
}

Result<const OnlineFeatures*> ShadowWorker::State::online_of(
    const std::shared_ptr<const ServedModel>& model) {
  const OnlineFeatures* none = nullptr;
  if (online == nullptr || model->model().manifest().views.empty()) return none;
  if (bound == nullptr || bound->model().model().id() != model->model().id()) {
    MILLGATE_ASSIGN(bound, OnlineFeatures::bind(online, model));
  }
  return bound.get();
}

ShadowWorker::ShadowWorker(PredictionLogOptions log, std::shared_ptr<OnlineStore> online)
    : state_(std::make_unique<State>()) {
  state_->log_options = std::move(log);
  state_->online = std::move(online);
  state_->thread = std::thread([raw = state_.get()] { raw->run(); });
}

ShadowWorker::~ShadowWorker() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
}

void ShadowWorker::add(ShadowTask task) {
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->tasks.size() >= kTasksMax || state_->bytes + task.body.size() > kBytesMax) {
      task.champion->rollout()->count_dropped();
      return;
    }
    state_->bytes += task.body.size();
    state_->tasks.push_back(std::move(task));
  }
  state_->wake.notify_one();
}

}  // namespace millgate
