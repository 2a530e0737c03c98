/// One training on one split: what a run, a comparison and an out-of-fold prediction share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "data/feature/vector.h"
#include "ground/error.h"
#include "model/learn/learner.h"
#include "model/learn/split.h"
#include "model/learn/trainer.h"

namespace millgate {

/// The joined table as values: labels, times and the inputs of the features.
struct TrainingRows {
  std::vector<Field> available;  ///< Columns that features may read.
  std::vector<double> labels;    ///< NaN: unlabelled.
  std::vector<int64_t> times;    ///< 0 where there is none.
  std::vector<uint8_t> has_time;
  std::vector<int64_t> label_known;  ///< The row's time where it is not told.
  std::vector<uint32_t> query;       ///< ranking: equal for rows that are ranked together.

  /// That of the chosen rows; none where nothing is ranked.
  [[nodiscard]] std::vector<uint32_t> query_of(const std::vector<int64_t>& chosen) const;
};

/// kQueryColumn of joined rows; none where nothing is ranked.
[[nodiscard]] Result<std::vector<uint32_t>> read_query(const arrow::Table& joined);

/// The rows of one split, ready for learners: features fitted on the training rows and computed.
struct PreparedRows {
  FeatureProgram program;
  Block train_inputs;
  Examples train, valid, calibration, test;
};

/// Training rows do not see their own label in what features learned from labels. `rows` are those
/// of `request.joined`. Errors: as train_model.
[[nodiscard]] Result<PreparedRows> prepare_rows(const TrainRequest& request,
                                                const TrainingRows& rows, const Split& split);

/// What a learner gets of `prepared`, which must outlive it, as must `settings`.
[[nodiscard]] LearnerInput learner_input(const Task& task, const PreparedRows& prepared,
                                         const TrainSettings& settings);

/// A learner's work on one split.
struct Attempt : PreparedRows {
  Fitted fitted;
};

/// A feature that reads a column from which the label is made.
struct AnswerRead {
  std::string feature;
  std::string column;
};

/// With all of them a model would be asked with the answer. `available` are the columns that
/// features could read. Empty where the label reads more than features can.
[[nodiscard]] std::vector<AnswerRead> answers_read(const Task& task, const FeatureProgram& program,
                                                   const std::vector<Field>& available);

[[nodiscard]] Result<TrainingRows> read_training_rows(const arrow::Table& joined);

/// Prepares the rows and fits the learner. Errors: as train_model.
[[nodiscard]] Result<Attempt> attempt(const TrainRequest& request, const TrainingRows& rows,
                                      const Split& split,
                                      const std::function<void(double share)>& progress);

/// One for each of `examples`; of several classes a probability a class, row-major.
[[nodiscard]] std::vector<double> predictions_of(const Fitted& fitted, const Examples& examples);

}  // namespace millgate
