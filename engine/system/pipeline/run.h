/// `run`: the steps from a commit to an evaluated model; what did not change is not repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "model/learn/trainer.h"
#include "system/pipeline/commit_sources.h"
#include "system/pipeline/project.h"
#include "system/pipeline/step_key.h"
#include "system/pipeline/step_report.h"

namespace millgate {

/// How to run.
struct RunOptions {
  std::string revision = kCurrentBranch;
  std::string author = {};
  bool force = false;                ///< Run every step again; trials of a search stay.
  bool compare_random_split = true;  ///< Measure how much a random split would flatter.
  /// Else every step runs, and the ledger is not told: to see what comes out.
  bool record = true;
  int threads = 0;  ///< Of the learner, which no result depends on; 0: all.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// What the steps of a run read.
struct RunKeys {
  StepKey join, train;
};

/// A run as the ledger keeps it.
struct RunReport {
  Id model;
  int64_t event_number = 0;        ///< The ledger's event that records it.
  bool recorded = false;           ///< This call appended that event; else an earlier one holds.
  std::string data_commit;         ///< Hex id.
  std::string git_commit;          ///< Of the code beside the data commit; may be empty.
  std::string configuration_hash;  ///< The object that keeps the project file as it was.
  RunKeys keys;
  std::string joined_rows;  ///< Hex id of the joined rows' file; empty in the first runs.
  std::vector<StepReport> steps;
  std::vector<Evidence> evidence;
  std::vector<CalibrationBin> calibration;
  Confusion confusion;                   ///< Of binary tasks.
  std::vector<ClassCount> class_counts;  ///< Of several classes.
  std::string calibrated_by;             ///< Name of a CalibrationMethod; empty: not calibrated.
  /// With it: log_loss, brier and calibration_error of the test rows without it.
  std::map<std::string, double> before_calibration;
  std::optional<Uncertainty> uncertainty;
  double threshold = 0.5;
  std::string program;  ///< Hex id of the record of the program that trained; empty without.
  std::string study;    ///< Hex id of the search that chose parameters; empty without.
  std::string learner;
  std::map<std::string, std::string> parameters;  ///< As the learner got them.
  int best_round = 0;
  std::vector<double> valid_loss;     ///< Per round.
  std::vector<MemberResult> members;  ///< Of an ensemble.
  int64_t train_rows = 0, valid_rows = 0, calibration_rows = 0, test_rows = 0;
  Time train_from, train_to;  ///< Row times of the training rows.
  Time test_from, test_to;    ///< Row times of the test rows.
  int64_t left_out_unlabelled = 0, left_out_label_late = 0;
  std::optional<double> random_split_auc;
  double train_seconds = 0;
};

/// Joins, computes features, trains and measures as of `options.revision`; records the run as
/// an event "run" whose subject is the model. A step runs only when something that it reads
/// changed; when none did, nothing is appended and the earlier run is given back.
///
/// When the learner is another program and fails, an event "failed_run" keeps what it said
/// (program_run.h).
///
/// A crash at any point leaves files whole or absent, and no event.
/// Errors: `invalid_input` when the project has no [task] or no [features], else those of the
/// steps; `not_found` for the revision.
[[nodiscard]] Result<RunReport> run_pipeline(Repository& repository, const Project& project,
                                             const RunOptions& options);

/// The steps that `run_pipeline` would go through, which of them it would reuse, and why; nothing
/// is joined, searched or trained. Without a finished search, training waits for it. Errors: as
/// run_pipeline before rows are read.
[[nodiscard]] Result<std::vector<StepReport>> plan_run(Repository& repository,
                                                       const Project& project,
                                                       const RunOptions& options);

/// The newest run that gave `model`, from the ledger. Errors: `not_found`.
[[nodiscard]] Result<RunReport> read_run(const Repository& repository, const Id& model);

/// All runs in the ledger, oldest first, with their event numbers. Errors: `damaged`.
[[nodiscard]] Result<std::vector<RunReport>> read_runs(const Repository& repository);

[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<StepReport>& steps);
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<MemberResult>& members);
[[nodiscard]] nlohmann::ordered_json run_report_to_json(const RunReport& report);
[[nodiscard]] Result<RunReport> run_report_from_json(const nlohmann::ordered_json& json);

}  // namespace millgate
