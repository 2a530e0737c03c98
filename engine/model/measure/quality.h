/// Quality of probabilities and decisions against labels, each with a bootstrap interval.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"

namespace millgate {

/// What a decision earns: sums over rows.
struct Utility {
  double true_positive = 0;
  double false_positive = 0;
  double true_negative = 0;
  double false_negative = 0;
  /// Of several classes: what it earns to decide for class d where t is true, at d * classes + t.
  std::vector<double> of_classes = {};
};

/// Counts at one threshold.
struct Confusion {
  int64_t true_positive = 0;
  int64_t false_positive = 0;
  int64_t true_negative = 0;
  int64_t false_negative = 0;
};

/// Rows to be measured; all spans have one length. Labels are 0 or 1 for binary tasks.
///
/// Of several classes (only where `MeasureOptions::class_count` says so) a label is the number of
/// its class, and `prediction` has a probability a class, row-major.
struct Outcome {
  std::span<const double> label;
  std::span<const double> prediction;  ///< Probability, or the value for regression.
  /// Of rankings alone: rows of one query have one number, and are ranked together.
  std::span<const uint32_t> query = {};
};

/// The functions below give nothing when there are no rows, or none of a kind that they divide
/// by. Two spans of different lengths are a bug of the caller; `measure_quality` checks.

/// Area under the ROC curve; ties count one half (Mann and Whitney). Nothing when one class is
/// missing.
[[nodiscard]] std::optional<double> auc(const Outcome& rows);
/// Mean negative log-likelihood in nats; probabilities are kept 1e-15 away from 0 and 1.
[[nodiscard]] std::optional<double> log_loss(const Outcome& rows);
/// Mean squared difference of probability and label (Brier 1950).
[[nodiscard]] std::optional<double> brier(const Outcome& rows);
/// Expected calibration error: the mean over `bins` bins, weighted by rows, of the absolute
/// difference of mean prediction and share of positives. The row of rank i (from 0, ascending
/// by prediction) of n lies in bin floor(i * bins / n); equal predictions stay in one bin, that
/// of the first of them, so that the order of rows does not matter.
[[nodiscard]] std::optional<double> calibration_error(const Outcome& rows, int bins = 10);
/// Decides "yes" at `threshold` or above.
[[nodiscard]] Confusion confusion(const Outcome& rows, double threshold);

/// One point of the calibration curve.
struct CalibrationBin {
  double mean_prediction = 0;
  double share_positive = 0;
  int64_t row_count = 0;
};
/// The bins of `calibration_error`, ascending; bins that ties left empty are not listed.
[[nodiscard]] std::vector<CalibrationBin> calibration_curve(const Outcome& rows, int bins = 10);

/// The threshold in [0, 1] that earns most on these rows. Tried are 0 (always yes), every
/// prediction and 1; the lowest of equals is given, 0.5 when there are no rows.
[[nodiscard]] double best_threshold(const Outcome& rows, const Utility& utility);

/// How to measure.
struct MeasureOptions {
  double threshold = 0.5;
  std::optional<Utility> utility = {};  ///< With it, `utility` (per 1,000 rows) is measured too.
  int resamples = 200;                  ///< Bootstrap resamples of rows; 0: no intervals.
  uint64_t seed = 1;
  bool regression = false;
  bool ranking = false;                  ///< Rows are ranked within `Outcome::query`.
  size_t class_count = 0;                ///< Of several classes; 0: a binary task or a regression.
  std::vector<double> decide_by = {};    ///< Of several classes: as decided_class takes it.
  std::string data = {};                 ///< Copied into the evidence.
  std::vector<std::string> inputs = {};  ///< Copied into the evidence.
};

/// A column by which rows are grouped: one text a row.
struct SliceColumn {
  std::string name;
  std::span<const std::string> values;
};

/// Groups of fewer rows are not measured on their own.
inline constexpr int64_t kGroupRowsMin = 30;
/// Groups of one column that are measured: the most frequent ones.
inline constexpr size_t kGroupsMax = 20;
/// A group counts for a gap only if its metric rests on as many rows: positives for recall,
/// negatives for the false positive rate, both for AUC.
inline constexpr int64_t kGapBasisMin = 10;

/// All quality metrics over all rows, then for every value of every slice column (at most the
/// 20 most frequent, with 30 rows or more; "column=value"), then the gaps between the groups of
/// each column ("by column"): the largest less the smallest. What cannot be computed, such as
/// the AUC of one class or a gap of one group, is left out.
///
/// Intervals are 95 % bootstrap over whole rows: each resample draws as many rows as there are,
/// with replacement, and everything is computed from the same draws. They are the 2.5 % and
/// 97.5 % quantiles (linear between order statistics). Calibration errors and gaps are largest
/// by chance, and a resample is more extreme than its sample by as much as the sample is than
/// the truth; their interval is the reflected one, [2 value - q97.5, 2 value - q2.5], cut at 0
/// and widened to hold the value. No interval where a resample in ten or more is undefined.
///
/// Same seed, same numbers, on any number of threads (it uses those of the machine).
/// Errors: `invalid_input` when lengths differ, there are no rows, a label is not 0 or 1 or no
/// class, a number is not finite, or probabilities of classes do not add up to 1 (within 0.001).
[[nodiscard]] Result<std::vector<Evidence>> measure_quality(const Outcome& rows,
                                                            const std::vector<SliceColumn>& slices,
                                                            const MeasureOptions& options);

}  // namespace millgate
