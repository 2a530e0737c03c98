/// Can a model tell rows of two samples apart, and by which columns?
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/check/asked_rows.h"
#include "data/query/database.h"
#include "ground/error.h"
#include "model/learn/learner.h"
#include "model/measure/paired_metric.h"

namespace millgate {

struct SampleClassifierOptions {
  std::vector<std::string> columns = {};  ///< Empty: as choose_predictors.
  int folds = 5;
  int64_t rows_max = 20'000;  ///< Of more rows of a side, every n-th is taken.
  int repeats = 3;            ///< Of the permutation of each column.
  uint64_t seed = 1;
  std::function<void(const std::string& step, double share)> progress = {};
};

/// Two samples as one matrix.
struct SampleRows {
  std::vector<std::string> columns;
  std::vector<bool> is_category;
  Examples rows;  ///< Labels: 0 the reference, 1 the current sample.
};

/// One column by which the samples are told apart.
struct TellingColumn {
  std::string name;
  MetricLoss loss;  ///< Of the AUC where the column's values are permuted.
};

struct SampleClassifier {
  /// Mean over the folds of the AUC for rows that the fold's model has not seen: 0.5 when nothing
  /// tells the samples apart, 1 when any two rows of them can be told apart.
  double auc = 0.5;
  double lower = 0.5, upper = 0.5;               ///< 95 %, of DeLong's variance.
  double p_value = 1;                            ///< One-sided, of "both are of one distribution".
  int64_t reference_rows = 0, current_rows = 0;  ///< That were looked at.
  std::vector<TellingColumn> columns;            ///< The most telling first.
  std::vector<std::pair<std::string, std::string>> unused;  ///< Columns, and why not.

  /// How far apart, 0 to 1, on the scale of the distances of single columns: 2 AUC - 1.
  [[nodiscard]] double effect() const { return auc > 0.5 ? 2 * auc - 1 : 0; }
};

/// A sample of fewer rows is not classified.
inline constexpr int64_t kSampleRowsMin = 20;

/// Classifier two-sample test (Friedman 2003; Lopez-Paz and Oquab 2017) with cross-fitting: in
/// each fold boosted trees learn from the other folds "which sample is the row from", one of these
/// folds choosing the rounds, and score the rows of the fold. Given such a model the AUC of its
/// fold is a Wilcoxon-Mann-Whitney statistic, whose variance is known where the samples are of one
/// distribution; the p-value takes the mean over folds as the mean of independent ones. (They are
/// nearly so: each row is in the training of other folds. The tests hold the rate of false alarms
/// against simulations, also for samples of very different size.) It does not depend on how much
/// larger one sample is. Rows alike in every column share a fold, so that what two versions of a
/// table have in common counts as alike.
/// Deterministic. Errors: `invalid_input` for fewer than kSampleRowsMin rows of a sample; those of
/// the learner.
[[nodiscard]] Result<SampleClassifier> classify_samples(const SampleRows& samples,
                                                        const SampleClassifierOptions& options);

/// The scores of the rows in that test: the probability of the current sample by models that have
/// not seen the row, as if both samples had the same number of rows.
[[nodiscard]] Result<std::vector<double>> sample_scores(const SampleRows& samples,
                                                        const SampleClassifierOptions& options);

/// The same for rows in `database`. Columns that both sides have under one name and kind are used;
/// times and what differs in every row are not, since they would tell any two samples apart.
/// Errors: also `invalid_input` when no column is left, or a named one is missing.
[[nodiscard]] Result<SampleClassifier> tell_samples_apart(Database& database,
                                                          const AskedRows& reference,
                                                          const AskedRows& current,
                                                          const SampleClassifierOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const SampleClassifier& classifier);

}  // namespace millgate
