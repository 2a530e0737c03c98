#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ground/random.h"
#include "model/measure/measured_rows.h"
#include "model/measure/metric.h"
#include "model/measure/quality.h"

namespace millgate {
namespace {

constexpr double kTiny = 1e-12;

const Evidence* find(const std::vector<Evidence>& all, const std::string& metric,
                     const std::string& slice = "") {
  for (const Evidence& evidence : all) {
    if (evidence.metric == metric && evidence.slice == slice) return &evidence;
  }
  return nullptr;
}

/// numpy's default quantile.
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const size_t below = static_cast<size_t>(place);
  if (below + 1 == values.size()) return values.back();
  return values[below] + (place - std::floor(place)) * (values[below + 1] - values[below]);
}

TEST(MeasureQuality, EqualsScikitLearn) {
  const MeasuredRows rows(1000);
  MeasureOptions options{.threshold = 0.6, .resamples = 0, .data = "test", .inputs = {"m"}};
  options.utility = Utility{.true_positive = 100, .false_positive = -25, .false_negative = -1};
  const auto all = measure_quality(rows.outcome(), {}, options);
  ASSERT_TRUE(all.ok());
  // sklearn.metrics.accuracy_score, precision_score, recall_score of p >= .6; see quality_test.cc
  EXPECT_NEAR(find(*all, "accuracy")->value, 0.737, kTiny);
  EXPECT_NEAR(find(*all, "precision")->value, 0.795, kTiny);
  EXPECT_NEAR(find(*all, "recall")->value, 0.6372745490981964, kTiny);
  EXPECT_NEAR(find(*all, "false_positive_rate")->value, 82.0 / 501, kTiny);
  EXPECT_NEAR(find(*all, "positive_rate")->value, 0.4, kTiny);
  EXPECT_NEAR(find(*all, "utility")->value, 318 * 100 - 82 * 25 - 181, 1e-9);
  EXPECT_NEAR(find(*all, "auc")->value, 0.8279673118692475, kTiny);
  EXPECT_NEAR(find(*all, "log_loss")->value, 0.5075412282889561, kTiny);
  EXPECT_NEAR(find(*all, "brier")->value, 0.16932363394219124, kTiny);
  EXPECT_NEAR(find(*all, "calibration_error")->value, *calibration_error(rows.outcome()), kTiny);
  EXPECT_EQ(find(*all, "rmse"), nullptr);
  for (const Evidence& evidence : *all) {
    EXPECT_EQ(evidence.row_count, 1000);
    EXPECT_EQ(evidence.data, "test");
    EXPECT_EQ(evidence.inputs, std::vector<std::string>{"m"});
    EXPECT_FALSE(evidence.lower || evidence.upper);
    EXPECT_NE(find_metric(evidence.metric), nullptr) << evidence.metric;
  }
}

TEST(MeasureQuality, RegressionEqualsScikitLearn) {
  // i, q as p of measured_rows.h without ties; t = q * 3 - 1; z = t + ((i * 31) % 17) / 17 - .4
  // m.mean_squared_error(t, z) ** .5, m.mean_absolute_error(t, z), m.r2_score(t, z)
  std::vector<double> labels = MeasuredRows(1000, false).prediction;
  std::vector<double> predictions;
  for (size_t i = 0; i < labels.size(); ++i) {
    labels[i] = labels[i] * 3 - 1;
    predictions.push_back(labels[i] + (static_cast<double>((i * 31) % 17) / 17 - 0.4));
  }
  const auto all = measure_quality({labels, predictions}, {}, {.regression = true});
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 3U);
  EXPECT_NEAR(find(*all, "rmse")->value, 0.2970232943225871, kTiny);
  EXPECT_NEAR(find(*all, "mae")->value, 0.2550352941176471, kTiny);
  EXPECT_NEAR(find(*all, "r2")->value, 0.8824613711733019, kTiny);
  EXPECT_LT(*find(*all, "mae")->lower, 0.2550352941176471);
  EXPECT_GT(*find(*all, "mae")->upper, 0.2550352941176471);
}

TEST(MeasureQuality, IntervalsAreThoseOfResamplesMadeByHand) {
  const size_t count = 200;
  const MeasuredRows rows(count);
  MeasureOptions options;
  options.resamples = 60;
  options.seed = 42;
  const auto all = measure_quality(rows.outcome(), {}, options);
  ASSERT_TRUE(all.ok());

  // The draws are of ranks: rows ascending by prediction.
  std::vector<size_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rows.prediction[a] < rows.prediction[b]; });
  std::vector<double> aucs, losses, errors, precisions;
  for (uint64_t r = 0; r < 60; ++r) {
    Random random = Random::stream(42, "bootstrap", r);
    std::vector<double> labels, predictions;
    for (size_t i = 0; i < count; ++i) {
      const size_t row = order[random.below(count)];
      labels.push_back(rows.label[row]);
      predictions.push_back(rows.prediction[row]);
    }
    const Outcome resample{labels, predictions};
    aucs.push_back(*auc(resample));
    losses.push_back(*log_loss(resample));
    errors.push_back(*calibration_error(resample));
    const Confusion counts = confusion(resample, 0.5);
    precisions.push_back(static_cast<double>(counts.true_positive) /
                         static_cast<double>(counts.true_positive + counts.false_positive));
  }
  EXPECT_NEAR(*find(*all, "auc")->lower, quantile(aucs, 0.025), kTiny);
  EXPECT_NEAR(*find(*all, "auc")->upper, quantile(aucs, 0.975), kTiny);
  EXPECT_NEAR(*find(*all, "log_loss")->lower, quantile(losses, 0.025), kTiny);
  EXPECT_NEAR(*find(*all, "precision")->upper, quantile(precisions, 0.975), kTiny);
  // The reflected interval.
  const Evidence* error = find(*all, "calibration_error");
  EXPECT_NEAR(*error->lower,
              std::clamp(2 * error->value - quantile(errors, 0.975), 0.0, error->value), kTiny);
  EXPECT_NEAR(*error->upper, std::max(2 * error->value - quantile(errors, 0.025), error->value),
              kTiny);
}

TEST(MeasureQuality, IntervalOfAccuracyHasTheWidthOfTheBinomial) {
  const MeasuredRows rows(1000);
  MeasureOptions options;
  options.resamples = 1000;
  const auto all = measure_quality(rows.outcome(), {}, options);
  ASSERT_TRUE(all.ok());
  const Evidence* accuracy = find(*all, "accuracy");
  const double p = accuracy->value;
  const double expected = 2 * 1.959963984540054 * std::sqrt(p * (1 - p) / 1000);
  EXPECT_NEAR(*accuracy->upper - *accuracy->lower, expected, 0.15 * expected);
}

TEST(MeasureQuality, SameSeedSameNumbers) {
  const MeasuredRows rows(2000);  // enough for several threads
  const auto one = measure_quality(rows.outcome(), {}, {.seed = 3});
  const auto two = measure_quality(rows.outcome(), {}, {.seed = 3});
  const auto other = measure_quality(rows.outcome(), {}, {.seed = 4});
  ASSERT_TRUE(one.ok() && two.ok() && other.ok());
  for (size_t i = 0; i < one->size(); ++i) {
    EXPECT_EQ((*one)[i].lower, (*two)[i].lower);
    EXPECT_EQ((*one)[i].upper, (*two)[i].upper);
  }
  EXPECT_NE(find(*one, "auc")->lower, find(*other, "auc")->lower);
}

/// Rows with a group each: "big" 600, "mid" 300, "few" 29, and 71 of their own.
struct Grouped {
  MeasuredRows rows{1000};
  std::vector<std::string> values;
  Grouped() {
    for (size_t i = 0; i < 1000; ++i) {
      values.push_back(i % 10 < 6            ? "big"
                       : i % 10 < 9          ? "mid"
                       : values.size() < 290 ? "few"
                                             : "own" + std::to_string(i));
    }
  }
  /// The rows of one group.
  [[nodiscard]] std::pair<std::vector<double>, std::vector<double>> of(
      const std::string& value) const {
    std::pair<std::vector<double>, std::vector<double>> part;
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] != value) continue;
      part.first.push_back(rows.label[i]);
      part.second.push_back(rows.prediction[i]);
    }
    return part;
  }
};

TEST(MeasureQuality, MeasuresFrequentGroupsAndTheirGaps) {
  const Grouped data;
  const auto all = measure_quality(data.rows.outcome(), {{"size", data.values}}, {});
  ASSERT_TRUE(all.ok());
  std::map<std::string, double> recalls;
  std::map<std::string, double> aucs;
  for (const std::string value : {"big", "mid"}) {
    const auto [labels, predictions] = data.of(value);
    const Confusion counts = confusion({labels, predictions}, 0.5);
    recalls[value] = static_cast<double>(counts.true_positive) /
                     static_cast<double>(counts.true_positive + counts.false_negative);
    aucs[value] = *auc({labels, predictions});
    const Evidence* recall = find(*all, "recall", "size=" + value);
    ASSERT_NE(recall, nullptr);
    EXPECT_NEAR(recall->value, recalls[value], kTiny);
    EXPECT_EQ(recall->row_count, static_cast<int64_t>(labels.size()));
    EXPECT_NEAR(find(*all, "auc", "size=" + value)->value, aucs[value], kTiny);
    EXPECT_LE(*recall->lower, recall->value);
    EXPECT_GE(*recall->upper, recall->value);
  }
  EXPECT_EQ(find(*all, "recall", "size=few"), nullptr);
  const Evidence* gap = find(*all, "recall_gap", "by size");
  ASSERT_NE(gap, nullptr);
  EXPECT_NEAR(gap->value, std::abs(recalls["big"] - recalls["mid"]), kTiny);
  EXPECT_EQ(gap->row_count, 900);
  EXPECT_LE(*gap->lower, gap->value);
  EXPECT_GE(*gap->upper, gap->value);
  EXPECT_GE(*gap->lower, 0);
  EXPECT_NEAR(find(*all, "auc_gap", "by size")->value, std::abs(aucs["big"] - aucs["mid"]), kTiny);
}

TEST(MeasureQuality, NoGapOfGroupsThatHoldTooFewPositives) {
  std::vector<double> labels(200, 0);
  std::vector<double> predictions(200, 0.3);
  std::vector<std::string> values;
  for (size_t i = 0; i < 200; ++i) {
    values.push_back(i < 100 ? "a" : "b");
    if (i < 50 || (i >= 100 && i < 109)) labels[i] = 1;  // 50 and 9
  }
  const auto all = measure_quality({labels, predictions}, {{"g", values}}, {});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(find(*all, "recall_gap", "by g"), nullptr);
  EXPECT_EQ(find(*all, "auc_gap", "by g"), nullptr);
  EXPECT_NE(find(*all, "false_positive_rate_gap", "by g"), nullptr);
  // Nothing is decided "yes", so precision is not defined.
  EXPECT_EQ(find(*all, "precision"), nullptr);
}

TEST(MeasureQuality, TwentyGroupsAtMost) {
  const MeasuredRows rows(1000);
  std::vector<std::string> values;
  for (size_t i = 0; i < 1000; ++i) values.push_back(std::to_string(i % 25));
  const auto all = measure_quality(rows.outcome(), {{"g", values}}, {.resamples = 0});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(std::count_if(all->begin(), all->end(),
                          [](const Evidence& e) {
                            return e.metric == "accuracy" && e.slice.starts_with("g=");
                          }),
            20);
}

TEST(MeasureQuality, RefusesWhatCannotBeMeasured) {
  const std::vector<double> labels = {0, 1};
  const std::vector<double> one = {0.5};
  const std::vector<double> some = {0.5, 0.6};
  const std::vector<double> twos = {0, 2};
  const std::vector<double> nan = {0.5, NAN};
  const std::vector<std::string> value = {"x"};
  const auto what = [](const Result<std::vector<Evidence>>& result) {
    return result.ok() ? std::string("ok") : result.error().what;
  };
  EXPECT_EQ(what(measure_quality({labels, one}, {}, {})), "measuring: 2 labels but 1 predictions");
  EXPECT_EQ(what(measure_quality({}, {}, {.data = "test"})),
            "measuring: there are no rows in `test`");
  EXPECT_NE(what(measure_quality({twos, some}, {}, {})).find("neither 0 nor 1"), std::string::npos);
  EXPECT_NE(what(measure_quality({labels, nan}, {}, {})).find("not a finite"), std::string::npos);
  EXPECT_NE(what(measure_quality({labels, some}, {{"g", value}}, {})).find("`g` has 1 values"),
            std::string::npos);
  EXPECT_NE(what(measure_quality({labels, some}, {}, {.resamples = -1})).find("-1 bootstrap"),
            std::string::npos);
  EXPECT_EQ(what(measure_quality({twos, some}, {}, {.regression = true})), "ok");
}

}  // namespace
}  // namespace millgate
