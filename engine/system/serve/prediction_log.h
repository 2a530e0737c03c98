/// Every answered prediction, written off the request's path as Parquet files.
/// Format: docs/formats/prediction-log.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/artifact/model.h"

namespace millgate {

/// The predictions of one request. All vectors have one entry a row.
struct PredictionRecord {
  std::shared_ptr<const Model> model;
  std::string request_id;
  Time answered_at;
  std::vector<std::string> prediction_ids;
  std::vector<std::optional<Time>> row_times;  ///< Of the manifest's `row_time`, where sent.
  std::vector<Prediction> predictions;
  Block keys;    ///< The manifest's key columns that are no inputs, as texts; null: not sent.
  Block inputs;  ///< Columns as features().inputs().
  std::vector<std::string> online;  ///< What was read from the online store, as JSON; empty: not.
};

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
  int64_t lost = 0;     ///< The queue was full, or the disk refused.
  int64_t waiting = 0;
};

/// Columns: prediction_id, answered_at, model (brief id), request_id, row_time, probability,
/// decision, then key columns and input columns under their own names; last `online.reads`, when
/// something was read from the online store. A file appears whole,
/// by a rename. A crash loses at most what waited (about `flush_every`).
///
/// `add` never blocks on the disk and may be called from any thread.
class PredictionLog {
 public:
  /// Errors: `outside` when the folder cannot be made.
  [[nodiscard]] static Result<std::unique_ptr<PredictionLog>> open(PredictionLogOptions options);
  ~PredictionLog();  ///< Writes what waits.
  PredictionLog(const PredictionLog&) = delete;
  PredictionLog& operator=(const PredictionLog&) = delete;

  /// False when the record was lost, because the queue is full or the log is closed.
  bool add(PredictionRecord record);
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

/// The names of the log's own columns, in their order.
[[nodiscard]] const std::vector<std::string>& prediction_log_columns();

}  // namespace millgate
