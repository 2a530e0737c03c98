/// What a learner that is another program said and used. Format: docs/formats/program-record.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ground/child_process.h"
#include "ground/error.h"

namespace millgate {

/// The values of one metric over steps, as they came.
struct LoggedMetric {
  std::vector<int64_t> steps;
  std::vector<double> values;
  bool operator==(const LoggedMetric&) const = default;
};

/// One run of a program.
struct ProgramRecord {
  std::vector<std::string> command;
  std::string ended;   ///< "exited with code 1", "was ended by signal 11 (...)" ...
  std::string output;  ///< Lines on standard output that are no reports; the first 64 KiB.
  std::string errors;  ///< Standard error, as ProcessEnd::errors.
  double seconds = 0, cpu_seconds = 0;
  int64_t memory_bytes_peak = 0;
  std::map<std::string, LoggedMetric> metrics;
};

[[nodiscard]] nlohmann::ordered_json to_json(const ProgramRecord& record);
/// Errors: `damaged`.
[[nodiscard]] Result<ProgramRecord> program_record_from_json(const nlohmann::ordered_json& json);

/// Takes the lines of a program's standard output:
///
///     {"progress": 0.25}
///     {"metrics": {"valid_loss": 0.41, "auc": 0.7}, "step": 10}
///
/// All others are output for people. `step` is a whole number; without one steps count from 1, by
/// metric. One line is one batch of metrics.
/// Errors: `invalid_input` with the number of the line: a report that is no JSON, a metric that is
/// no finite number, more than kLoggedMax values.
class ProgramLines {
 public:
  static constexpr size_t kLoggedMax = 1'000'000;
  static constexpr size_t kOutputMax = size_t{64} * 1024;

  /// `record` outlives this; `progress` may be empty.
  ProgramLines(ProgramRecord& record, std::function<void(double share)> progress)
      : record_(record), progress_(std::move(progress)) {}
  [[nodiscard]] Status add(std::string_view line);

 private:
  [[nodiscard]] Error fault(const std::string& what) const;
  [[nodiscard]] Status add_metrics(const nlohmann::ordered_json& report);
  void keep(std::string_view line);

  ProgramRecord& record_;
  std::function<void(double share)> progress_;
  int64_t number_ = 0;
  size_t logged_ = 0;
};

}  // namespace millgate
