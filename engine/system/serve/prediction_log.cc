#include "system/serve/prediction_log.h"

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "ground/durable_file.h"
#include "system/serve/parquet_bytes.h"
#include "system/serve/prediction_id.h"

namespace millgate {

namespace {

/// Rows are closed at so many bytes of text: what Arrow counts by 31 bits stays far away.
constexpr size_t kTextBytesMax = 64 << 20;
/// Emptied rows that are kept for their memory: one is filled while another one is written.
constexpr size_t kSpareMax = 2;

using Rows = std::unique_ptr<LoggedRows>;

int64_t rows_of(const PredictionRecord& record) {
  return static_cast<int64_t>(record.prediction_ids.size());
}

/// Requests go before the log where both want the processor; a little is always left for it.
void stand_back() {
#ifdef __linux__
  constexpr int kNice = 5;
  // The id of a thread stands for the thread alone. Refused: no harm.
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
#endif
}

}  // namespace

struct PredictionLog::State {
  explicit State(PredictionLogOptions given) : options(std::move(given)) {}

  /// Takes rows until it is told to end and nothing waits.
  void run();
  /// The rows that `record` goes to the end of; under the lock.
  LoggedRows& room_for(const PredictionRecord& record);
  /// Writes `rows` as one file, and keeps their memory. Never throws.
  void write(Rows rows);
  Status write_file(const LoggedRows& rows);

  const PredictionLogOptions options;
  PredictionIds file_names;  ///< Sets apart files of one moment, and of several servers.

  mutable std::mutex mutex;
  std::condition_variable wake;     ///< Something to write, or the end.
  std::condition_variable written;  ///< `done_ticket` grew.
  std::vector<Rows> waiting;        ///< Each is a file; the last of a model is being filled.
  std::vector<Rows> spare;          ///< Empty.
  PredictionLogCounts counts;
  uint64_t added_ticket = 0;  ///< Records added ever.
  uint64_t done_ticket = 0;   ///< Records written or lost on disk ever.
  int flushing = 0;           ///< Callers of `flush` that wait.
  bool ending = false;
  std::string failure;
  std::thread writer;
};

void PredictionLog::State::run() {
  stand_back();
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait_for(lock, options.flush_every, [&] {
      return ending || (flushing > 0 && !waiting.empty()) ||
             counts.waiting >= static_cast<int64_t>(options.rows_per_file);
    });
    if (waiting.empty()) {
      if (ending) return;
      continue;
    }
    std::vector<Rows> taken = std::exchange(waiting, {});
    const uint64_t ticket = added_ticket;
    lock.unlock();
    for (Rows& rows : taken) write(std::move(rows));
    lock.lock();
    done_ticket = ticket;
    written.notify_all();
  }
}

LoggedRows& PredictionLog::State::room_for(const PredictionRecord& record) {
  // From the newest on: two models take turns in a roll-out, and each fills a file of its own.
  for (auto rows = waiting.rbegin(); rows != waiting.rend(); ++rows) {
    LoggedRows& open = **rows;
    if (open.rows() > 0 && open.model() != record.model) continue;
    if (open.rows() < options.rows_per_file && open.text_bytes() < kTextBytesMax) return open;
    break;
  }
  if (spare.empty()) {
    waiting.push_back(std::make_unique<LoggedRows>());
  } else {
    waiting.push_back(std::move(spare.back()));
    spare.pop_back();
  }
  return *waiting.back();
}

void PredictionLog::State::write(Rows rows) {
  const auto count = static_cast<int64_t>(rows->rows());
  const Status status = count == 0 ? Status() : write_file(*rows);
  const bool is_small = rows->text_bytes() < kTextBytesMax;
  rows->clear();
  const std::scoped_lock lock(mutex);
  counts.waiting -= count;
  (status.ok() ? counts.written : counts.lost) += count;
  if (!status.ok()) failure = status.error().what;
  if (is_small && spare.size() < kSpareMax) spare.push_back(std::move(rows));
}

Status PredictionLog::State::write_file(const LoggedRows& rows) {
  const Time time = rows.first_answered_at();
  const std::string folder = options.folder + "/" + date_text(time);
  MILLGATE_TRY(make_folders(folder));
  MILLGATE_ASSIGN(const std::string bytes, predictions_parquet(rows));
  // The last 18 digits of an id: the writer's random number and its counter.
  const std::string path = folder + "/" + rows.model()->id().brief() + "-" +
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

bool PredictionLog::add(const PredictionRecord& record) {
  const int64_t rows = rows_of(record);
  bool is_full_file = false;
  {
    const std::scoped_lock lock(state_->mutex);
    PredictionLogCounts& counts = state_->counts;
    if (state_->ending || counts.waiting + rows > static_cast<int64_t>(state_->options.rows_max)) {
      counts.lost += rows;
      return false;
    }
    try {
      state_->room_for(record).append(record);
    } catch (const std::bad_alloc&) {
      counts.lost += rows;
      return false;
    }
    const auto file_rows = static_cast<int64_t>(state_->options.rows_per_file);
    is_full_file = counts.waiting < file_rows && counts.waiting + rows >= file_rows;
    counts.waiting += rows;
    ++state_->added_ticket;
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
