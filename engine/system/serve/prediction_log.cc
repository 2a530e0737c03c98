#include "system/serve/prediction_log.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ground/durable_file.h"
#include "system/serve/parquet_bytes.h"
#include "system/serve/prediction_id.h"

namespace millgate {

namespace {

int64_t rows_of(const PredictionRecord& record) {
  return static_cast<int64_t>(record.prediction_ids.size());
}

}  // namespace

struct PredictionLog::State {
  explicit State(PredictionLogOptions given) : options(std::move(given)) {}

  /// Takes records off the queue until it is told to end and nothing waits.
  void run();
  /// Writes `records`, one file for each run of records of one model. Never throws.
  void write(std::vector<PredictionRecord> records);
  Status write_file(const std::vector<PredictionRecord>& records);

  const PredictionLogOptions options;
  PredictionIds file_names;  ///< Sets apart files of one moment, and of several servers.

  mutable std::mutex mutex;
  std::condition_variable wake;     ///< Something to write, or the end.
  std::condition_variable written;  ///< `done_ticket` grew.
  std::deque<PredictionRecord> queue;
  PredictionLogCounts counts;
  uint64_t added_ticket = 0;  ///< Records added ever.
  uint64_t done_ticket = 0;   ///< Records written or lost on disk ever.
  int flushing = 0;           ///< Callers of `flush` that wait.
  bool ending = false;
  std::string failure;
  std::thread writer;
};

void PredictionLog::State::run() {
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait_for(lock, options.flush_every, [&] {
      return ending || (flushing > 0 && !queue.empty()) ||
             counts.waiting >= static_cast<int64_t>(options.rows_per_file);
    });
    if (queue.empty()) {
      if (ending) return;
      continue;
    }
    std::vector<PredictionRecord> records(std::make_move_iterator(queue.begin()),
                                          std::make_move_iterator(queue.end()));
    queue.clear();
    const uint64_t ticket = added_ticket;
    lock.unlock();
    write(std::move(records));
    lock.lock();
    done_ticket = ticket;
    written.notify_all();
  }
}

void PredictionLog::State::write(std::vector<PredictionRecord> records) {
  auto begin = records.begin();
  while (begin != records.end()) {
    int64_t rows = 0;
    auto end = begin;
    while (end != records.end() && end->model->id() == begin->model->id() &&
           rows < static_cast<int64_t>(options.rows_per_file)) {
      rows += rows_of(*end++);
    }
    const std::vector<PredictionRecord> part(std::make_move_iterator(begin),
                                             std::make_move_iterator(end));
    const Status status = write_file(part);
    const std::scoped_lock lock(mutex);
    counts.waiting -= rows;
    (status.ok() ? counts.written : counts.lost) += rows;
    if (!status.ok()) failure = status.error().what;
    begin = end;
  }
}

Status PredictionLog::State::write_file(const std::vector<PredictionRecord>& records) {
  const Time time = records.front().answered_at;
  const std::string folder = options.folder + "/" + date_text(time);
  MILLGATE_TRY(make_folders(folder));
  MILLGATE_ASSIGN(const std::string bytes, predictions_parquet(records));
  // The last 18 digits of an id: the writer's random number and its counter.
  const std::string path = folder + "/" + records.front().model->id().brief() + "-" +
                           compact_time_text(time) + "-" + file_names.next(time).substr(14) +
                           ".parquet";
  return publish_bytes({.temporary_path = path + ".tmp", .final_path = path}, bytes);
}

PredictionLog::PredictionLog(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<PredictionLog>> PredictionLog::open(PredictionLogOptions options) {
  MILLGATE_TRY(make_folders(options.folder));
  auto state = std::make_unique<State>(std::move(options));
  state->writer = std::thread([raw = state.get()] { raw->run(); });
  return std::unique_ptr<PredictionLog>(new PredictionLog(std::move(state)));
}

PredictionLog::~PredictionLog() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_all();
  state_->writer.join();
}

bool PredictionLog::add(PredictionRecord record) {
  const int64_t rows = rows_of(record);
  bool is_full_file = false;
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->ending ||
        state_->counts.waiting + rows > static_cast<int64_t>(state_->options.rows_max)) {
      state_->counts.lost += rows;
      return false;
    }
    state_->queue.push_back(std::move(record));
    state_->counts.waiting += rows;
    ++state_->added_ticket;
    is_full_file = state_->counts.waiting >= static_cast<int64_t>(state_->options.rows_per_file);
  }
  if (is_full_file) state_->wake.notify_one();
  return true;
}

void PredictionLog::flush() {
  std::unique_lock lock(state_->mutex);
  const uint64_t ticket = state_->added_ticket;
  ++state_->flushing;
  state_->wake.notify_one();
  state_->written.wait(lock, [&] { return state_->done_ticket >= ticket; });
  --state_->flushing;
}

PredictionLogCounts PredictionLog::counts() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->counts;
}

std::string PredictionLog::last_failure() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->failure;
}

}  // namespace millgate
