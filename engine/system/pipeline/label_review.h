/// The labels of the task, judged by models that did not learn from them; and what correcting some
/// of them does to the model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/check/label_issues.h"
#include "data/query/database.h"
#include "data/store/repository.h"
#include "ground/error.h"
#include "system/pipeline/project.h"

namespace millgate {

struct LabelReviewOptions {
  std::string revision = kCurrentBranch;
  /// SQL over the joined rows, true or false: what the label should be. Empty: `label_rule` of
  /// [task]; without that there is none.
  std::string rule = {};
  int folds = 5;
  std::vector<std::string> by = {};  ///< SQL over the joined rows: issues are counted by each.
  std::function<void(const std::string& step, double share)> progress = {};
};

/// `label_rule` of [task], by which a label that is stored could be told from other columns; empty
/// when there is none.
[[nodiscard]] Result<std::string> label_rule_of(const Task& task);

struct LabelReview {
  std::unique_ptr<Database> database;
  AskedRows rows;  ///< The joined rows, in `database`.
  LabelIssues issues;
  std::vector<std::string> key;  ///< Columns that name a row.
  /// The column that holds the label itself, as 0 and 1 or false and true. Empty: the label is made
  /// from columns, and no single value corrects it.
  std::string label_column;
};

/// Trains the learner of the project once a fold and looks for label issues by the predictions for
/// the rows left out, and by the rule.
/// Errors: as open_features and train_model; `invalid_input` for a task that is not binary.
[[nodiscard]] Result<LabelReview> review_labels(Repository& repository, const Project& project,
                                                const LabelReviewOptions& options);

/// How well a model predicts the labels that nobody changed.
struct LabelFit {
  double log_loss = 0;
  std::optional<double> auc;  ///< Nothing with one class.
  double accuracy = 0;        ///< With the threshold 0.5.
};

/// What new labels do to the model, by out-of-fold predictions over the same folds.
struct RelabellingEffect {
  int64_t changed = 0;    ///< Rows with another label.
  int64_t row_count = 0;  ///< Rows with the same label, on which both are measured.
  LabelFit before, after;
  /// Mean of the log loss after less that before, row by row, with a 95 % interval (normal).
  double difference = 0, difference_low = 0, difference_high = 0;
};

/// `before` and `after` are revisions with the same rows.
/// Errors: as review_labels; `invalid_input` when the rows have other keys, or no label differs.
[[nodiscard]] Result<RelabellingEffect> relabelling_effect(Repository& repository,
                                                           const Project& project,
                                                           const std::string& before,
                                                           const std::string& after,
                                                           const LabelReviewOptions& options);

}  // namespace millgate
