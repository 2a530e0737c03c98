#include "model/study/usefulness.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <set>

#include "model/learn/attempt.h"
#include "model/learn/row_values.h"
#include "model/measure/association.h"
#include "model/study/feature_columns.h"
#include "model/study/feature_cost.h"
#include "model/study/feature_overlap.h"
#include "model/study/permutation.h"
#include "model/study/study_periods.h"
#include "model/study/usefulness_advice.h"

namespace millgate {

namespace {

constexpr double kClearP = 0.001;

double nan() { return std::numeric_limits<double>::quiet_NaN(); }

/// AUC, or R2 of numbers; NaN where it is undefined.
double strength_of(const std::vector<double>& labels, const std::vector<double>& predictions,
                   bool regression) {
  const auto metric = PairedMetric::make(
      {.label = labels, .prediction = predictions},
      {.metric = regression ? "r2" : "auc", .regression = regression, .resamples = 0});
  return metric.ok() ? metric->value() : nan();
}

template <typename Value>
std::vector<Value> chosen(const std::vector<Value>& values, const std::vector<size_t>& rows) {
  std::vector<Value> made;
  made.reserve(rows.size());
  for (const size_t row : rows) made.push_back(values[row]);
  return made;
}

double rank_correlation_with(const std::vector<double>& values, const std::vector<double>& labels) {
  std::vector<double> a;
  std::vector<double> b;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    a.push_back(values[i]);
    b.push_back(labels[i]);
  }
  return a.size() < 3 ? nan() : pearson_correlation(middle_ranks(a), middle_ranks(b));
}

bool is_beyond_chance(const SharedInformation& shared) {
  if (shared.degrees_of_freedom < 1) return false;
  const boost::math::chi_squared distribution(static_cast<double>(shared.degrees_of_freedom));
  const double g = 2 * static_cast<double>(shared.row_count) * std::max(0.0, shared.information);
  return boost::math::cdf(boost::math::complement(distribution, g)) < kClearP;
}

class Study {
 public:
  Study(const TrainRequest& request, const UsefulnessOptions& options, TrainingRows rows,
        Split split)
      : request_(request),
        options_(options),
        rows_(std::move(rows)),
        split_(std::move(split)),
        regression_(request.task.kind == TaskKind::regression) {}

  Result<Usefulness> run() {
    found_.training_rows_of = static_cast<int64_t>(split_.train.size());
    found_.held_out_rows_of = static_cast<int64_t>(split_.test.size());
    split_.train = evenly(split_.train, options_.training_rows_max);
    split_.valid = evenly(split_.valid, options_.training_rows_max);
    split_.test = evenly(split_.test, options_.held_out_rows_max);
    found_.training_rows = static_cast<int64_t>(split_.train.size());
    found_.held_out_rows = static_cast<int64_t>(split_.test.size());
    MILLGATE_TRY(check_labels());
    MILLGATE_ASSIGN(const Attempt made,
                    attempt(request_, rows_, split_, [&](double share) { tell("train", share); }));
    MILLGATE_TRY(prepare(made));
    if (options_.retrain) MILLGATE_TRY(draw_trainings(made));
    MILLGATE_TRY(measure_features(made));
    for (UsefulFeature& one : found_.features) widen(one.left_out);
    MILLGATE_TRY(measure_groups(made));
    std::stable_sort(found_.features.begin(), found_.features.end(),
                     [](const UsefulFeature& a, const UsefulFeature& b) {
                       return a.permuted->value > b.permuted->value;
                     });
    judge_features(found_);
    MILLGATE_TRY(measure_dropped(made));
    return std::move(found_);
  }

 private:
  void tell(const std::string& step, double share) const {
    if (options_.progress) options_.progress(step, share);
  }

  Status check_labels() const {
    if (request_.task.kind == TaskKind::ranking) {
      return invalid_input("the usefulness of features is not measured for rankings yet",
                           "`millgate gate` measures a model without one of them: remove it, run, "
                           "and compare `ndcg`");
    }
    std::set<double> labels;
    for (const int64_t row : split_.train) labels.insert(rows_.labels[static_cast<size_t>(row)]);
    if (labels.size() < 2) {
      return invalid_input("the label `" + request_.task.label + "` is constant: all " +
                               std::to_string(split_.train.size()) + " training rows have " +
                               std::to_string(*labels.begin()),
                           "check [task] label");
    }
    if (regression_ || labels == std::set<double>{0, 1}) return {};
    return invalid_input("the label `" + request_.task.label + "` is not 0 or 1 in every row",
                         "write a condition such as `amount > 15`, or kind = \"regression\"");
  }

  Status prepare(const Attempt& made) {
    width_ = made.program.features().size();
    columns_ = columns_of_features(made.program);
    predictions_ = predictions_of(made.fitted, made.test);
    metric_options_ = {.metric = !options_.metric.empty() ? options_.metric
                                 : regression_            ? "rmse"
                                                          : "log_loss",
                       .regression = regression_,
                       .resamples = options_.resamples,
                       .seed = request_.settings.seed};
    MILLGATE_ASSIGN(PairedMetric metric,
                    PairedMetric::make({.label = made.test.labels, .prediction = predictions_},
                                       metric_options_));
    metric_ = std::move(metric);
    found_.metric = metric_options_.metric;
    found_.value = metric_->value();
    const double mean = std::accumulate(made.train.labels.begin(), made.train.labels.end(), 0.0) /
                        static_cast<double>(made.train.rows());
    found_.gain = metric_->loss_of(std::vector<double>(made.test.rows(), mean));
    found_.strength = strength_of(made.test.labels, predictions_, regression_);
    found_.regression = regression_;
    periods_ = study_periods(rows_, split_, request_.settings, options_.periods);
    label_parts_ = cut_labels(made.train.labels);
    for (const PeriodRows& one : periods_) {
      found_.periods.push_back(one.period);
      period_metrics_.push_back(metric_of(made, one));
    }
    return {};
  }

  Status draw_trainings(const Attempt& made) {
    for (int i = 1; i < options_.trainings; ++i) {
      drawn_.push_back(
          drawn_rows(made.train, width_, request_.settings.seed, static_cast<uint64_t>(i)));
      MILLGATE_ASSIGN(const auto with_all, predictions_without(made, drawn_.back(), {}));
      drawn_losses_.push_back(metric_->loss_of(with_all).value);
    }
    return {};
  }

  /// Nothing for periods of training, and where the metric is undefined.
  std::optional<PairedMetric> metric_of(const Attempt& made, const PeriodRows& period) const {
    if (!period.period.is_held_out) return std::nullopt;
    auto metric = PairedMetric::make({.label = chosen(made.test.labels, period.rows),
                                      .prediction = chosen(predictions_, period.rows)},
                                     metric_options_);
    if (!metric.ok()) return std::nullopt;
    return std::move(*metric);
  }

  Status measure_features(const Attempt& made) {
    std::vector<bool> is_number;
    std::vector<CodedColumn> codes;
    for (size_t i = 0; i < columns_.size(); ++i) {
      tell("features", static_cast<double>(i) / static_cast<double>(columns_.size()));
      const bool is_category = made.program.features()[columns_[i].columns[0]].is_category;
      is_number.push_back(columns_[i].columns.size() == 1 && !is_category);
      const FeatureParts parts(made.train, width_, columns_[i], is_category);
      codes.push_back(parts.code(made.train, width_));
      UsefulFeature one;
      describe(made, columns_[i], one);
      MILLGATE_TRY(measure_loss(made, columns_[i], one));
      measure_periods(made, columns_[i], parts, is_number.back(), one);
      MILLGATE_ASSIGN(one.nanoseconds_per_row,
                      nanoseconds_per_row(request_, rows_, made.program.definitions()[i]));
      found_.features.push_back(std::move(one));
    }
    take_overlaps(feature_overlaps(made.train, width_, columns_, is_number, codes));
    return {};
  }

  void describe(const Attempt& made, const FeatureColumns& columns, UsefulFeature& one) const {
    const Feature& feature = made.program.features()[columns.columns[0]];
    one.name = columns.name;
    one.expression = feature.expression;
    one.inputs = feature.inputs;
    one.missing_share = missing_share(made.train, columns);
  }

  [[nodiscard]] double missing_share(const Examples& examples,
                                     const FeatureColumns& columns) const {
    size_t missing = 0;
    for (size_t row = 0; row < examples.rows(); ++row) {
      missing += std::any_of(columns.columns.begin(), columns.columns.end(), [&](size_t column) {
        return std::isnan(examples.features[row * width_ + column]);
      });
    }
    return static_cast<double>(missing) / static_cast<double>(std::max<size_t>(examples.rows(), 1));
  }

  /// All columns but those of the features named.
  [[nodiscard]] std::vector<size_t> columns_without(const std::vector<std::string>& names) const {
    std::vector<size_t> kept;
    for (const FeatureColumns& one : columns_) {
      if (std::find(names.begin(), names.end(), one.name) != names.end()) continue;
      kept.insert(kept.end(), one.columns.begin(), one.columns.end());
    }
    return kept;
  }

  static StudyRows rows_with(const Attempt& made, const Examples& train) {
    return {.program = made.program, .train = train, .valid = made.valid, .test = made.test};
  }

  [[nodiscard]] Result<std::vector<double>> predictions_without(
      const Attempt& made, const Examples& train, const std::vector<std::string>& names) const {
    return predictions_with(rows_with(made, train), request_.task.kind, request_.settings,
                            columns_without(names));
  }

  /// Trained without them. `spread_` of the same difference, over training sets as chance could
  /// have given them, is not in the interval yet.
  Result<MetricLoss> loss_without(const Attempt& made, const std::vector<std::string>& names) {
    MILLGATE_ASSIGN(const auto others, predictions_without(made, made.train, names));
    others_strength_ = strength_of(made.test.labels, others, regression_);
    return metric_->loss_of(others);
  }

  /// Adds what the difference varies by over drawn training sets to the spread of trainings.
  Status add_spread(const Attempt& made, const std::vector<std::string>& names) {
    std::vector<double> losses;
    for (size_t i = 0; i < drawn_.size(); ++i) {
      MILLGATE_ASSIGN(const auto others, predictions_without(made, drawn_[i], names));
      losses.push_back(metric_->loss_of(others).value - drawn_losses_[i]);
    }
    const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) /
                        static_cast<double>(std::max<size_t>(losses.size(), 1));
    for (const double one : losses) spread_squares_ += (one - mean) * (one - mean);
    if (!losses.empty()) spread_freedom_ += static_cast<double>(losses.size() - 1);
    return {};
  }

  /// The interval of a loss of one training, with the chance of training in it.
  void widen(std::optional<MetricLoss>& loss) const {
    if (!loss || !loss->lower || spread_freedom_ < 1) return;
    const boost::math::students_t distribution(spread_freedom_);
    const double half =
        boost::math::quantile(distribution, 0.975) * std::sqrt(spread_squares_ / spread_freedom_);
    loss->lower = loss->value - std::hypot(loss->value - *loss->lower, half);
    loss->upper = loss->value + std::hypot(*loss->upper - loss->value, half);
  }

  Status measure_loss(const Attempt& made, const FeatureColumns& columns, UsefulFeature& one) {
    TrainSettings small;
    small.seed = request_.settings.seed;
    small.rounds_max = 100;
    small.early_stopping_rounds = 10;
    small.parameters = {{"num_leaves", "15"}};
    MILLGATE_ASSIGN(const auto alone, predictions_with(rows_with(made, made.train),
                                                       request_.task.kind, small, columns.columns));
    one.alone = strength_of(made.test.labels, alone, regression_);
    const auto permuted = permuted_predictions(*made.fitted.scorer, made.test, columns.columns,
                                               options_.repeats, request_.settings.seed);
    one.permuted = metric_->loss(permuted);
    for (size_t i = 0; i < periods_.size(); ++i) {
      one.periods.emplace_back();
      if (!period_metrics_[i]) continue;
      std::vector<std::vector<double>> of_period;
      of_period.reserve(permuted.size());
      for (const auto& all : permuted) of_period.push_back(chosen(all, periods_[i].rows));
      one.periods.back().permuted = period_metrics_[i]->loss(of_period);
    }
    one.others = nan();
    if (!options_.retrain) return {};
    MILLGATE_ASSIGN(one.left_out, loss_without(made, {columns.name}));
    one.others = others_strength_;
    return add_spread(made, {columns.name});
  }

  void measure_periods(const Attempt& made, const FeatureColumns& columns,
                       const FeatureParts& parts, bool is_number, UsefulFeature& one) const {
    for (size_t i = 0; i < periods_.size(); ++i) {
      const Examples rows = rows_of(periods_[i].period.is_held_out ? made.test : made.train, width_,
                                    periods_[i].rows);
      FeatureInPeriod& in = one.periods[i];
      const SharedInformation shared =
          shared_information(parts.code(rows, width_), label_parts_.code(rows.labels));
      in.information = shared.corrected;
      in.is_clear = is_beyond_chance(shared);
      in.missing_share = missing_share(rows, columns);
      if (is_number) {
        in.direction =
            rank_correlation_with(column_of(rows, width_, columns.columns[0]), rows.labels);
      }
      for (const size_t column : columns.columns) {
        const Feature& feature = made.program.features()[column];
        const auto drift = compare(profile_feature(feature, column, width_, made.train.features),
                                   profile_feature(feature, column, width_, rows.features));
        if (drift.ok()) in.distance = std::max(in.distance, drift->ks);
      }
    }
  }

  void take_overlaps(const FeatureOverlaps& overlaps) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const FeatureOverlap& overlap = overlaps.features[i];
      UsefulFeature& one = found_.features[i];
      one.information = overlap.information;
      if (!overlap.nearest) continue;
      one.nearest = columns_[*overlap.nearest].name;
      one.told_share = overlap.told_share;
      one.rank_correlation = overlap.rank_correlation;
      one.information_left = overlap.information_left;
    }
    for (const auto& members : overlaps.groups) {
      FeatureGroup group;
      for (const size_t member : members) group.features.push_back(columns_[member].name);
      found_.groups.push_back(std::move(group));
    }
  }

  Status measure_groups(const Attempt& made) {
    for (FeatureGroup& group : found_.groups) {
      std::vector<size_t> columns;
      for (const FeatureColumns& one : columns_) {
        const auto& names = group.features;
        if (std::find(names.begin(), names.end(), one.name) == names.end()) continue;
        columns.insert(columns.end(), one.columns.begin(), one.columns.end());
      }
      group.permuted = metric_->loss(permuted_predictions(
          *made.fitted.scorer, made.test, columns, options_.repeats, request_.settings.seed));
      if (!options_.retrain) continue;
      MILLGATE_ASSIGN(group.left_out, loss_without(made, group.features));
      widen(group.left_out);
    }
    return {};
  }

  Status measure_dropped(const Attempt& made) {
    for (const UsefulFeature& one : found_.features) {
      const bool is_dropped =
          one.advice == FeatureAdvice::drop || one.advice == FeatureAdvice::redundant;
      if (is_dropped) found_.dropped.push_back(one.name);
    }
    if (!options_.retrain || found_.dropped.empty()) return {};
    if (found_.dropped.size() == found_.features.size()) return {};
    MILLGATE_ASSIGN(found_.without_dropped, loss_without(made, found_.dropped));
    widen(found_.without_dropped);
    return {};
  }

  const TrainRequest& request_;
  const UsefulnessOptions& options_;
  TrainingRows rows_;
  Split split_;
  bool regression_;
  size_t width_ = 0;
  std::vector<FeatureColumns> columns_;
  std::vector<double> predictions_;  ///< Of the test rows.
  PairedMetricOptions metric_options_;
  std::optional<PairedMetric> metric_;
  std::vector<PeriodRows> periods_;
  std::vector<std::optional<PairedMetric>> period_metrics_;
  NumberParts label_parts_;
  std::vector<Examples> drawn_;       ///< Training sets as chance could have given them.
  std::vector<double> drawn_losses_;  ///< Of models with all features, trained with these.
  /// Of the losses of leaving features out, over the drawn training sets: pooled over features,
  /// since so few say little about one.
  double spread_squares_ = 0, spread_freedom_ = 0;
  double others_strength_ = 0;
  Usefulness found_;
};

}  // namespace

Result<Usefulness> feature_usefulness(const TrainRequest& request,
                                      const UsefulnessOptions& options) {
  if (request.features.empty()) {
    return invalid_input("there are no features to judge", "write some under [features]");
  }
  MILLGATE_ASSIGN(Split split, split_rows(*request.joined, request.settings));
  MILLGATE_ASSIGN(TrainingRows rows, read_training_rows(*request.joined));
  return Study(request, options, std::move(rows), std::move(split)).run();
}

}  // namespace millgate
