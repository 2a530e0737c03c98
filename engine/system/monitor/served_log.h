/// The prediction log joined with the labels that came later.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/vector.h"
#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "system/monitor/monitor.h"

namespace millgate {

/// Table of the log's database: what each prediction has earned (prediction_id, earned), as told
/// last. Only of the server's own log.
inline constexpr const char* kToldOutcomes = "told_outcomes";

/// The rows that one model answered, by event time; all vectors have one length.
struct ServedRows {
  std::vector<std::string> prediction_id;
  std::vector<int64_t> event_micros;  ///< Row time where it was sent, else when answered.
  std::vector<double> prediction;
  std::vector<double> label;  ///< NaN: none yet.
};

/// One reading of the logs, or of the table of predictions in `options`: duplicates removed, the
/// latest label of each prediction joined. One thread at a time.
class ServedLog {
 public:
  /// Errors: `damaged` when a log lacks a column that it must have.
  [[nodiscard]] static Result<ServedLog> read(const Repository& repository,
                                              const MonitorOptions& options);

  [[nodiscard]] const LogCounts& counts() const { return counts_; }
  /// Event times of the whole log, whatever part was asked for; nothing when it is empty.
  [[nodiscard]] const std::optional<Time>& log_first() const { return log_first_; }
  [[nodiscard]] const std::optional<Time>& log_last() const { return log_last_; }
  /// Models in the asked time as they were logged (brief ids), most rows first.
  [[nodiscard]] const std::vector<std::string>& models() const { return models_; }
  /// Where the user's column `name` is logged: one called like a column of the log itself, such
  /// as `model`, is `input.model` there. Empty: it never was.
  [[nodiscard]] std::string column_of(const std::string& name) const;
  [[nodiscard]] bool has_column(const std::string& name) const { return !column_of(name).empty(); }
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }

  /// Rows that `model` answered from `from` on and before `to`, whatever part was asked for.
  [[nodiscard]] Result<int64_t> answered_count(const std::string& model, Time from, Time to) const;
  [[nodiscard]] Result<ServedRows> rows(const std::string& model) const;
  /// The user's columns of `model`'s rows, in the order of `rows`, as the types asked for; each
  /// must have been logged.
  [[nodiscard]] Result<Block> block(const std::string& model,
                                    const std::vector<Field>& fields) const;
  /// What the columns of a table of predictions were taken for; empty names for our own log.
  [[nodiscard]] const PredictionRoles& roles() const { return roles_; }
  /// What was odd about the files of a table of predictions.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  /// Holds the table `served`: the logged columns, `event_micros`, `label_value`.
  [[nodiscard]] Database& database() const { return *database_; }

 private:
  ServedLog() = default;
  std::unique_ptr<Database> database_;
  LogCounts counts_;
  std::optional<Time> log_first_, log_last_;
  std::vector<std::string> models_;
  std::vector<std::string> columns_;
  PredictionRoles roles_;
  std::vector<std::string> notes_;
};

/// Whether the log itself has a column of this name, upper and lower case alike.
[[nodiscard]] bool is_log_column(const std::string& name);

/// SQL's name of the type that holds values of `type`.
[[nodiscard]] std::string sql_type_of(ValueType type);

}  // namespace millgate
