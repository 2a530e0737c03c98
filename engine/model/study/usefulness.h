/// Which features are worth keeping: what the model loses without them, what others carry of
/// them, whether that lasts, whether one is too good to be true, and what they cost.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/learn/trainer.h"
#include "model/measure/paired_metric.h"

namespace millgate {

struct UsefulnessOptions {
  std::string metric = {};  ///< As PairedMetric. Empty: log_loss, or rmse for numbers.
  int repeats = 5;          ///< Of the permutation.
  int resamples = 200;      ///< For intervals.
  int periods = 3;          ///< Of training rows, and as many of held-out rows.
  int64_t training_rows_max =
      100'000;  ///< Of more, as many are taken, evenly from the first to the last.
  int64_t held_out_rows_max = 20'000;
  bool retrain = true;  ///< Also train without each feature, `trainings` times.
  /// On all training rows, and on as many others less one that are drawn from them, which say how
  /// much of a loss is the chance of training. 1: that is not in the intervals.
  int trainings = 3;
  std::function<void(const std::string& step, double share)> progress = {};
};

enum class FeatureAdvice {
  keep,       ///< The model is worse without it.
  watch,      ///< Useful, but not at all times.
  unclear,    ///< These rows cannot tell whether it is needed.
  redundant,  ///< Others of its group carry it.
  drop,       ///< Of next to no use, or the model is better without it.
  suspect,    ///< So good that it may be an answer in disguise.
  leak,       ///< Known only after the question is asked.
};
[[nodiscard]] std::string_view to_string(FeatureAdvice advice);

/// Rows that lie together in time.
struct StudyPeriod {
  int64_t from_micros = 0, to_micros = 0;  ///< Of the first and last row.
  int64_t row_count = 0;
  bool is_held_out = false;
};

/// One feature in one period.
struct FeatureInPeriod {
  double information = 0;  ///< With the label, in nats, corrected for chance.
  bool is_clear = false;   ///< No chance: p < 0.001 by the G-test.
  /// Spearman's, with the label; NaN unless the feature is one column of numbers.
  double direction = std::numeric_limits<double>::quiet_NaN();
  double missing_share = 0;
  double distance = 0;  ///< Kolmogorov-Smirnov, or total variation, from the training rows; 0 to 1.
  std::optional<MetricLoss> permuted;  ///< Of held-out periods.
};

struct UsefulFeature {
  std::string name;
  std::string expression;
  std::vector<std::string> inputs;
  std::optional<MetricLoss> permuted;  ///< Nothing for a leak, which was not trained with.
  std::optional<MetricLoss> left_out;  ///< Trained without it. Nothing without `retrain`.
  /// AUC (R2 for numbers) on the held-out rows of boosted trees that have this feature alone.
  double alone = 0;
  double others = 0;       ///< The same of the model without it; NaN without `retrain`.
  double information = 0;  ///< With the label, in nats.
  std::string nearest;     ///< The feature that tells most of it; may be empty.
  double told_share = 0;   ///< By `nearest`.
  double rank_correlation = std::numeric_limits<double>::quiet_NaN();
  double information_left = 0;  ///< With the label where `nearest` is known.
  std::vector<FeatureInPeriod> periods;
  double missing_share = 0;        ///< Of the training rows.
  double nanoseconds_per_row = 0;  ///< To compute it from its columns; joins are not counted.
  FeatureAdvice advice = FeatureAdvice::unclear;
  std::string reason;
};

/// Features of which one tells most of another, taken away together.
struct FeatureGroup {
  std::vector<std::string> features;
  MetricLoss permuted;
  std::optional<MetricLoss> left_out;
};

struct Usefulness {
  std::string metric;
  double value = 0;     ///< Of the model with all features, on the held-out rows.
  MetricLoss gain;      ///< What is lost when every row is predicted as the mean label of training.
  double strength = 0;  ///< Its AUC, or R2.
  bool regression = false;
  int64_t training_rows = 0, training_rows_of = 0;
  int64_t held_out_rows = 0, held_out_rows_of = 0;
  std::vector<StudyPeriod> periods;     ///< Empty for rows without a time.
  std::vector<UsefulFeature> features;  ///< The most useful first; leaks last.
  std::vector<FeatureGroup> groups;
  /// Trained without all whose advice is to drop them (redundant, drop): whether that holds
  /// together. Nothing when there are none, or all.
  std::vector<std::string> dropped;
  std::optional<MetricLoss> without_dropped;
};

/// A feature whose loss is at most this share of the gain, by the ends of its intervals, is of next
/// to no use.
inline constexpr double kNegligibleShare = 0.1;
/// From this AUC (or R2) on, a feature alone is implausible.
inline constexpr double kImplausibleAlone = 0.98;
/// So is one of this strength, when the model with all others has at most half of it.
inline constexpr double kSuspectAlone = 0.85;

/// Trains as `request` says, on the training rows of its split, and judges every feature on the
/// test rows, which lie after them when the split is by time. `request.features` has no known
/// leak. Deterministic but for nanoseconds_per_row.
///
/// What it cannot see: permuting one of two features that go together asks the model for rows that
/// do not exist, and each looks useless when the other stays; that is why groups are taken away
/// together. "Left out" is the loss of the training on all rows; its interval holds the chance of
/// the rows (paired bootstrap) and of training (the pooled deviation over drawn training sets, by
/// Student's t), added as squares. That of "permuted" holds the chance of the rows and of the
/// permutation, for this one model. They are not corrected for many features.
/// Errors: as train_model; `invalid_input` for an unknown metric.
[[nodiscard]] Result<Usefulness> feature_usefulness(const TrainRequest& request,
                                                    const UsefulnessOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const Usefulness& usefulness);

}  // namespace millgate
