/// The learners: matrices of features in, a scorer and its stored form out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/feature/task.h"
#include "ground/error.h"
#include "model/artifact/ensemble.h"
#include "model/learn/train_settings.h"

namespace millgate {

/// Rows of features with their labels.
struct Examples {
  std::vector<double> features;  ///< Row-major; NaN: missing.
  std::vector<double> labels;    ///< 0 or 1 for binary tasks, the number of the class for several.
  std::vector<uint32_t> query = {};  ///< ranking: equal for rows that are ranked together.
  [[nodiscard]] size_t rows() const { return labels.size(); }
};

/// What members of an ensemble say of training rows that they have not learned from.
struct FoldPredictions {
  std::vector<size_t> rows;                  ///< Of the training rows, those that have predictions.
  std::vector<std::vector<double>> members;  ///< As Scorer::score, one list a member.
};

/// What a learner gets.
struct LearnerInput {
  TaskKind kind = TaskKind::binary;
  std::vector<std::string> classes = {};  ///< multiclass: their names.
  std::vector<std::string> feature_names;
  std::vector<bool> is_category;  ///< One a feature: values are codes.
  const Examples* train = nullptr;
  const Examples* valid = nullptr;
  const TrainSettings* settings = nullptr;
  std::function<void(double share)> progress;  ///< May be empty.
  /// gbdt: asked after each round, with the best loss on the valid rows so far; false stops the
  /// training, and there is no model. May be empty.
  std::function<bool(int round, double best_loss)> goes_on = {};
  int threads = 0;  ///< gbdt, command: that it may use; no result of gbdt depends on it; 0: all.
  /// command: called once with the record of the program (program_record.h) as JSON, also when it
  /// failed. May be empty.
  std::function<void(std::string record)> keep_record = {};
  std::string objective = {};  ///< gbdt: of LightGBM; empty: that of the kind of task.
  /// ensemble, stack: predictions by models of other folds. Empty: the valid rows take the place
  /// of the folds.
  std::function<Result<FoldPredictions>()> predict_folds = {};
};

/// A member of an ensemble, as it was learned.
struct FittedMember {
  std::string name;
  std::string learner;
  std::string format;
  std::string hash;              ///< SHA-256 of its bytes, hex.
  std::optional<double> weight;  ///< Its share of a mean; nothing where members are stacked.
  double valid_loss = 0;         ///< Of it alone on the valid rows, as mean_loss.
  std::shared_ptr<const Scorer> scorer;
};

/// What a learner gives.
struct Fitted {
  std::string format;  ///< As Model::Parts::model_format.
  std::string text;
  std::shared_ptr<const Scorer> scorer;
  std::map<std::string, std::string> parameters;  ///< All that were set.
  int best_round = 0;
  std::vector<double> valid_loss;          ///< Per round; log loss or mean squared error.
  bool is_stopped = false;                 ///< By `goes_on`: there is no model.
  std::vector<FittedMember> members = {};  ///< Of an ensemble, also those that it left out.
};

/// Boosted trees by LightGBM. Stops when the loss on the valid rows has not improved for
/// `early_stopping_rounds`, and keeps the trees up to the best round. The loss is summed by us,
/// in one order, so that the best round does not depend on the number of threads. A ranking is
/// learned by LambdaMART, with the label as gain, as `ndcg` measures it.
/// Errors: `invalid_input` with LightGBM's message; when no feature splits the rows.
[[nodiscard]] Result<Fitted> fit_boosted_trees(const LearnerInput& input);

/// Logistic regression, or linear regression with squared loss, over standardised columns, with
/// the penalty l1 * sum |c| + l2 / 2 * sum c^2 on the coefficients beside the summed loss (elastic
/// net; for regression half the squared errors): `l1` = l1_ratio / C and `l2` = (1 - l1_ratio) / C
/// of scikit-learn's LogisticRegression, defaults 0 and 1. By Newton's method, proximal with an l1.
/// A category feature becomes one column for each of its 100 most frequent training categories.
/// Missing values, and categories without a column, are replaced by the mean. Of several classes
/// one model each against the rest, whose probabilities are made to add up to 1. A ranking is
/// learned row by row, as the label's regression. Errors: `invalid_input` for a penalty that is
/// none, or when Newton's method does not converge.
[[nodiscard]] Result<Fitted> fit_linear(const LearnerInput& input);

/// The mean label, or the shares of the classes, for every row: what any other learner must beat.
[[nodiscard]] Result<Fitted> fit_constant(const LearnerInput& input);

/// The program that `input.settings->command` names: it finds the rows, the parameters and the seed
/// in a work folder (command_job.h), reports by lines on its standard output (program_record.h),
/// and leaves a model file of a known format, which is read and checked: features in their order,
/// probabilities for binary tasks. It is stopped at its limits, and with us.
/// Errors: `invalid_input` when it fails, reports what is no number, or leaves no model, one that
/// carries code, or one that does not fit; `outside` when it cannot be started.
[[nodiscard]] Result<Fitted> fit_command(const LearnerInput& input);

/// The members that `input.settings` names, each fitted as if alone, and combined:
///
/// - `average`: the mean of what they predict, by their weights.
/// - `greedy`: the same with weights chosen on the valid rows: time and again the member is added
///   that makes the loss of the mean least, any number of times, and of all means on the way the
///   best is kept (Caruana et al. 2004). Members that are never taken are no part of the model.
/// - `stack`: a linear model, as fit_linear, over the members' log odds (regression: values), which
///   learns from `predict_folds` (Wolpert 1992).
///
/// Errors: `invalid_input` as the members', with their names; for rankings, whose scores have no
/// common scale, unless they are stacked.
[[nodiscard]] Result<Fitted> fit_ensemble(const LearnerInput& input);

/// The learner that `input.settings` names.
[[nodiscard]] Result<Fitted> fit_learner(const LearnerInput& input);

/// Mean loss of predictions: log loss of probabilities (kept 1e-15 away from 0 and 1), else the
/// mean squared error. Of several classes `predictions` has a probability a class, row-major. Of a
/// ranking it is 1 - ndcg within `query`, which no other kind needs.
[[nodiscard]] double mean_loss(TaskKind kind, std::span<const double> labels,
                               std::span<const double> predictions,
                               std::span<const uint32_t> query = {});

}  // namespace millgate
