/// From joined rows to a model and its evidence.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/feature/expression_context.h"
#include "data/feature/program.h"
#include "data/feature/task.h"
#include "data/store/object_store.h"
#include "ground/error.h"
#include "model/artifact/model.h"
#include "model/learn/split.h"
#include "model/learn/train_settings.h"
#include "model/measure/class_quality.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"

namespace millgate {

/// Everything a training needs.
struct TrainRequest {
  std::shared_ptr<arrow::Table> joined;  ///< From join_as_of: inputs, row_time, label, label_known.
  Task task;
  std::vector<FeatureDefinition> features;
  ExpressionContext context;  ///< Units and calendars that the features may use.
  TrainSettings settings;
  std::optional<Utility> utility;     ///< Chooses the threshold, never on test rows.
  std::optional<double> threshold;    ///< Fixed threshold instead.
  Manifest manifest;                  ///< Identity fields filled by the caller.
  bool compare_random_split = false;  ///< Also train on a random split, for the warning. A program
                                      ///< is not run a second time for it.
  /// Gets what a program said and used, as LearnerInput::keep_record. May be empty.
  std::function<void(std::string record)> keep_record = {};
  int threads = 0;                               ///< That the learner may use; 0: all.
  std::string powercap = "/sys/class/powercap";  ///< Where the machine tells energy.
  /// Called with "features", "train", "measure" and the share of that stage that is done.
  std::function<void(const std::string& stage, double share)> progress;
};

/// A member of an ensemble beside the others.
struct MemberResult {
  std::string name;
  std::string learner;
  std::string hash;              ///< SHA-256 of its bytes, hex.
  std::optional<double> weight;  ///< Its share of a mean; 0: not taken. Nothing of a stack.
  double valid_loss = 0;         ///< Of it alone, as mean_loss.
  double test_loss = 0;          ///< The same on the test rows, before any calibration.
};

/// A model and what is known about it.
struct TrainResult {
  Id model;
  std::vector<Evidence> evidence;  ///< On the test rows; of the model's size, and of the energy
                                   ///< that was used where the machine tells it.
  std::vector<CalibrationBin> calibration;
  Confusion confusion;                   ///< Of binary tasks.
  std::vector<ClassCount> class_counts;  ///< Of several classes.
  std::optional<Calibration> learned_calibration;
  std::optional<Uncertainty> uncertainty;
  /// With a calibration: log_loss, brier and calibration_error of the test rows without it.
  std::map<std::string, double> before_calibration;
  Split split;
  double threshold = 0.5;
  std::map<std::string, std::string> parameters;  ///< As the learner got them.
  Time train_from, train_to;                      ///< Row times of the training rows.
  Time test_from, test_to;                        ///< Row times of the test rows.
  int best_round = 0;
  std::vector<double> valid_loss;          ///< Per round.
  std::vector<MemberResult> members;       ///< Of an ensemble, in their order.
  std::optional<double> random_split_auc;  ///< With compare_random_split.
  double train_seconds = 0;
};

/// Fits features on the training rows, trains, learns calibration and uncertainty on the
/// calibration rows, chooses the threshold on these and the validation rows, measures on the test
/// rows, stores the model. Deterministic: same request, same model id, any number of threads. The
/// caller's manifest is completed with threshold, learner, row counts and dependencies.
///
/// Errors: `invalid_input` for a constant label, a part with one class, a feature without any
/// value or that reads a column of the label, and for parameters that the learner refuses.
[[nodiscard]] Result<TrainResult> train_model(ObjectStore& objects, const TrainRequest& request);

}  // namespace millgate
