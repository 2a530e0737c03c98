/// Records of learners that are other programs: of models, and of runs that failed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/store/repository.h"
#include "ground/clock.h"
#include "ground/error.h"
#include "model/learn/program_record.h"

namespace millgate {

/// A run of a program that gave no model.
struct FailedRun {
  int64_t event = 0;  ///< Number of its event in the ledger.
  Time time;
  std::string author;
  std::string data_commit;         ///< Hex id.
  std::string configuration_hash;  ///< Of the project file.
  std::string train_key;           ///< Hex id of the step's key: what was tried.
  std::string error;               ///< What was wrong, in a line.
  std::string program;             ///< Hex id of the object with the record.
};

/// Appends the event "failed_run"; `time` and `event` are the ledger's.
[[nodiscard]] Status record_failed_run(Repository& repository, const FailedRun& run);

/// All of them, oldest first. Errors: `damaged`.
[[nodiscard]] Result<std::vector<FailedRun>> read_failed_runs(const Repository& repository);

/// The record of the program that made a model, or failed to: `name` is a model's id, a prefix of
/// it, or the number of the event of a failed run.
/// Errors: `not_found`, also for models that no other program made.
[[nodiscard]] Result<ProgramRecord> find_program_record(const Repository& repository,
                                                        const std::string& name);

}  // namespace millgate
