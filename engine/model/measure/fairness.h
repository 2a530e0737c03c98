/// How a model that decides treats groups of rows: what differs between them, by how much, and how
/// surely.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"

namespace millgate {

/// What was found between the groups of one column, or of several together.
struct Fairness {
  std::vector<Evidence> evidence;
  std::vector<Unmeasured> unmeasured;  ///< Gaps for which fewer than two groups have enough rows.
};

/// Whether `metric` is one of those that `measure_fairness` knows.
[[nodiscard]] bool is_fairness_metric(std::string_view metric);

/// Gaps (largest less smallest) and ratios (smallest over largest) between the groups that have the
/// same values of all `columns`: of positive_rate (demographic parity), recall (equal opportunity),
/// false_positive_rate and the worse of the last two (equalised odds), precision (predictive
/// parity), accuracy, auc, calibration_error and calibration_bias (calibration within groups). The
/// slice of the evidence is "by a" or "by a, b"; its note names the groups at both ends. As
/// Fairlearn's MetricFrame.difference and .ratio ("between_groups") of the groups that are judged.
///
/// A group is judged by a metric when it has `kGroupRowsMin` rows, and `kGapBasisMin` of those that
/// the metric rests on: positives, negatives, rows decided positive. Others are named in the note,
/// with how many rows the whole test would need for them. There may be any number of groups; of
/// many the ends of a gap lie far apart by chance alone, which the interval takes into account.
///
/// `metrics`: only these; empty for all. Intervals: 95 % bootstrap as in quality.h, reflected,
/// where resamples that leave a group without a basis pass over it.
///
/// Errors: as measure_quality; `invalid_input` for a regression, or without columns.
[[nodiscard]] Result<Fairness> measure_fairness(const Outcome& rows,
                                                const std::vector<SliceColumn>& columns,
                                                const MeasureOptions& options,
                                                std::span<const std::string> metrics = {});

/// The same of a model that tells several classes apart, as slice "class=NAME, by a" of each class
/// against the rest: decided is the class that `decided_classes` gives, and calibration and AUC are
/// those of its probability. As "by a" the worst of the classes, which the note names; accuracy is
/// there that of all decisions. Errors: as measure_fairness.
[[nodiscard]] Result<Fairness> measure_class_fairness(const Outcome& rows,
                                                      std::span<const std::string> class_names,
                                                      const std::vector<SliceColumn>& columns,
                                                      const MeasureOptions& options,
                                                      std::span<const std::string> metrics = {});

}  // namespace millgate
