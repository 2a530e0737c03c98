/// Every answered prediction, written off the request's path as Parquet files.
/// Format: docs/formats/prediction-log.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ground/error.h"
#include "system/serve/logged_rows.h"

namespace millgate {

/// How to log.
struct PredictionLogOptions {
  std::string folder;             ///< Files go to <folder>/<date>/<model>-<time>-<n>.parquet.
  size_t rows_max = 65'536;       ///< Waiting; a record that does not fit is lost and counted.
  size_t rows_per_file = 16'384;  ///< A file is finished at this size or at `flush_every`.
  std::chrono::milliseconds flush_every{1'000};
};

/// What happened so far, in rows.
struct PredictionLogCounts {
  int64_t written = 0;  ///< Readers can see them.
  int64_t lost = 0;     ///< The queue was full, memory ended, or the disk refused.
  int64_t waiting = 0;
};

/// Columns: prediction_id, answered_at, model (brief id), request_id, row_time, probability,
/// decision, then key columns and input columns under their own names; last `online.reads`, when
/// something was read from the online store, and `rollout.number`, when somebody took part in a
/// roll-out. A file appears whole, by a rename. A crash loses at most what waited (about
/// `flush_every`).
///
/// `add` never blocks on the disk and may be called from any thread. It copies the record to the
/// end of rows that wait; memory is allocated only while those grow beyond what they ever were.
class PredictionLog {
 public:
  /// Errors: `outside` when the folder cannot be made.
  [[nodiscard]] static Result<std::unique_ptr<PredictionLog>> open(PredictionLogOptions options);
  ~PredictionLog();  ///< Writes what waits.
  PredictionLog(const PredictionLog&) = delete;
  PredictionLog& operator=(const PredictionLog&) = delete;

  /// False when the record was lost, because the queue is full, memory ended or the log is closed.
  bool add(const PredictionRecord& record);
  /// Writes everything that was added before the call; returns when readers can see it.
  void flush();
  [[nodiscard]] PredictionLogCounts counts() const;
  /// Why the disk refused last; empty when it did not.
  [[nodiscard]] std::string last_failure() const;

 private:
  struct State;
  explicit PredictionLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Of several classes: begins the names of the columns with the probability of each.
inline constexpr const char* kProbabilityPrefix = "probability.";
/// The number of the roll-out in which an answer took part.
inline constexpr const char* kRolloutColumn = "rollout.number";

/// The names of the columns that every file has, in their order.
[[nodiscard]] const std::vector<std::string>& prediction_log_columns();

}  // namespace millgate
