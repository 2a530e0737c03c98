/// The joined rows of a project over one commit: what every training, search and measure begins
/// with.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/feature/program.h"
#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "model/learn/trainer.h"
#include "system/pipeline/project.h"
#include "system/pipeline/step_key.h"
#include "system/pipeline/step_report.h"

namespace millgate {

struct TrainingSet {
  Commit commit;
  std::unique_ptr<Database> database;  ///< Gone once rows were joined.
  JoinPlan plan;
  std::vector<std::string> columns;  ///< View columns and others that the features read.
  std::vector<Field> fields;         ///< All that could be read.
  ExpressionContext context;         ///< Units and calendars.
  StepKey key;                       ///< Of the join.
  Id joined_rows;                    ///< Of the file with the joined rows; zero before they are.
};

/// Everything that can be told from the definitions, before any row is read.
/// Errors: as open_features.
[[nodiscard]] Result<TrainingSet> open_training_set(Repository& repository, const Project& project,
                                                    const std::string& revision);

/// How to join.
struct JoinOptions {
  bool force = false;  ///< Join again although the rows are there.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// The joined rows, always read from the file of the cache, so that a reused result equals a new
/// one. Completes `step`, whose `why` says what changed.
/// Errors: those of the join, `outside`.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> join_training_set(Repository& repository,
                                                                      TrainingSet& set,
                                                                      const JoinOptions& options,
                                                                      StepReport& step);

/// Whether a file with the joined rows is in the cache; it may be damaged.
[[nodiscard]] bool is_joined(const Repository& repository, const TrainingSet& set);

/// What a training on `joined` needs of the project: everything but the identity of the run.
[[nodiscard]] TrainRequest train_request(const Project& project, const TrainingSet& set,
                                         std::shared_ptr<arrow::Table> joined);

/// Adds to a key what features and labels are made from.
void add_feature_parts(const Project& project, const TrainingSet& set, StepKey& key);
/// Adds to a key how `settings` train. Errors: those of program_files.
[[nodiscard]] Status add_learner_parts(const TrainSettings& settings, StepKey& key);

}  // namespace millgate
