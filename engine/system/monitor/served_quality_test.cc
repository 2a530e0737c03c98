#include "system/monitor/served_quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ground/random.h"

namespace millgate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Manifest manifest_of(const std::string& kind) {
  Manifest manifest;
  manifest.task_kind = kind;
  return manifest;
}

ServedRows rows_of(const std::vector<double>& predictions, const std::vector<double>& labels) {
  ServedRows rows;
  rows.prediction = predictions;
  rows.label = labels;
  for (size_t i = 0; i < labels.size(); ++i) {
    rows.prediction_id.push_back(std::to_string(i));
    rows.event_micros.push_back(static_cast<int64_t>(i));
  }
  return rows;
}

MonitorWindow measure(const ServedRows& rows, LogRows range, const std::string& kind = "binary",
                      const std::vector<ServedSlice>& slices = {}) {
  MonitorOptions options;
  options.resamples = 50;
  const auto window = measure_window(manifest_of(kind), rows, range, slices, options);
  EXPECT_TRUE(window.ok()) << (window.ok() ? "" : window.error().what);
  return window.ok() ? *window : MonitorWindow{};
}

const Evidence* find(const MonitorWindow& window, const std::string& metric,
                     const std::string& slice = {}) {
  for (const Evidence& one : window.evidence) {
    if (one.metric == metric && one.slice == slice) return &one;
  }
  return nullptr;
}

/// (i * 37 % 100) / 100 + 0.005 for i < 100, and 1 where (i * 61 % 100) / 100 is below it.
ServedRows hundred() {
  std::vector<double> predictions;
  std::vector<double> labels;
  for (int i = 0; i < 100; ++i) {
    predictions.push_back((i * 37 % 100) / 100.0 + 0.005);
    labels.push_back((i * 61 % 100) / 100.0 < predictions.back() ? 1 : 0);
  }
  return rows_of(predictions, labels);
}

TEST(ServedQuality, OfAllLabelledRowsIsThatOfScikitLearn) {
  const MonitorWindow window = measure(hundred(), {0, 100});
  EXPECT_EQ(window.row_count, 100);
  EXPECT_EQ(window.labelled_count, 100);
  EXPECT_EQ(window.maturity, 1);
  // p = [(i * 37 % 100) / 100 + 0.005 for i in range(100)]
  // y = [int((i * 61 % 100) / 100 < p[i]) for i in range(100)]
  // roc_auc_score(y, p), log_loss(y, p), brier_score_loss(y, p), mean(p), mean(y)
  ASSERT_NE(find(window, "auc"), nullptr);
  EXPECT_NEAR(find(window, "auc")->value, 0.8173076923076923, 1e-12);
  EXPECT_NEAR(find(window, "log_loss")->value, 0.5406669958975654, 1e-12);
  EXPECT_NEAR(find(window, "brier")->value, 0.17492500000000002, 1e-12);
  EXPECT_NEAR(*window.mean_prediction, 0.5, 1e-12);
  EXPECT_NEAR(*window.share_positive, 0.52, 1e-12);
  EXPECT_TRUE(find(window, "auc")->lower.has_value());
  EXPECT_EQ(find(window, "auc")->data, "served");
  EXPECT_THAT(window.note, IsEmpty());
}

TEST(ServedQuality, RowsWithoutALabelYetAreLeftOutOfIt) {
  ServedRows rows = hundred();
  for (size_t i = 60; i < 100; ++i) rows.label[i] = kNan;
  const MonitorWindow partial = measure(rows, {0, 100});
  EXPECT_EQ(partial.row_count, 100);
  EXPECT_EQ(partial.labelled_count, 60);
  EXPECT_DOUBLE_EQ(partial.maturity, 0.6);
  const MonitorWindow alone = measure(hundred(), {0, 60});
  EXPECT_EQ(find(partial, "auc")->value, find(alone, "auc")->value);
  EXPECT_EQ(find(partial, "auc")->row_count, 60);
  EXPECT_EQ(partial.mean_prediction_labelled, alone.mean_prediction_labelled);
  EXPECT_NE(partial.mean_prediction, partial.mean_prediction_labelled);
}

TEST(ServedQuality, AWindowIsMeasuredByItsOwnRowsOnly) {
  ServedRows rows = hundred();
  for (size_t i = 0; i < 40; ++i) rows.label[i] = 1 - rows.label[i];
  const MonitorWindow tail = measure(rows, {40, 100});
  ServedRows same = hundred();
  EXPECT_EQ(find(tail, "auc")->value, find(measure(same, {40, 100}), "auc")->value);
}

TEST(ServedQuality, TooFewLabelsCannotBeKnown) {
  ServedRows rows = hundred();
  for (size_t i = 29; i < 100; ++i) rows.label[i] = kNan;
  const MonitorWindow window = measure(rows, {0, 100});
  EXPECT_THAT(window.evidence, IsEmpty());
  EXPECT_THAT(window.note, HasSubstr("29 labels came for 100 rows"));
  EXPECT_TRUE(window.share_positive.has_value());
  rows.label[29] = 1;
  EXPECT_NE(find(measure(rows, {0, 100}), "auc"), nullptr);
  EXPECT_EQ(measure(rows, {5, 5}).note, "nothing was predicted");
  EXPECT_FALSE(measure(rows, {5, 5}).mean_prediction.has_value());
}

TEST(ServedQuality, OneClassHasNoAuc) {
  for (const double only : {0.0, 1.0}) {
    ServedRows rows = hundred();
    for (double& label : rows.label) label = only;
    const MonitorWindow window = measure(rows, {0, 100});
    EXPECT_EQ(find(window, "auc"), nullptr);
    EXPECT_NE(find(window, "log_loss"), nullptr);
    EXPECT_THAT(window.note, HasSubstr(only == 1 ? "are 1" : "are 0"));
  }
}

TEST(ServedQuality, SlicesAreMeasuredOnTheirOwnLabelledRows) {
  ServedRows rows = hundred();
  for (size_t i = 0; i < 10; ++i) rows.label[i] = kNan;
  ServedSlice slice{"town", {}};
  for (size_t i = 0; i < 100; ++i) slice.values.push_back(i < 50 ? "Oslo" : "Moss");
  const MonitorWindow window = measure(rows, {0, 100}, "binary", {slice});
  ASSERT_NE(find(window, "auc", "town=Oslo"), nullptr);
  EXPECT_EQ(find(window, "auc", "town=Oslo")->row_count, 40);
  EXPECT_EQ(find(window, "auc", "town=Oslo")->value, find(measure(rows, {10, 50}), "auc")->value);
  EXPECT_EQ(find(window, "auc", "town=Moss")->row_count, 50);
}

TEST(ServedQuality, LabelsThatCannotBeOneAreDropped) {
  std::vector<double> labels = {0, 1, 2, -1, 0.5, kNan, 1e300};
  EXPECT_EQ(drop_bad_labels(manifest_of("binary"), labels), 4);
  EXPECT_EQ(labels[0], 0);
  EXPECT_EQ(labels[1], 1);
  EXPECT_TRUE(
      std::all_of(labels.begin() + 2, labels.end(), [](double v) { return std::isnan(v); }));
  std::vector<double> amounts = {3.5, -2};
  EXPECT_EQ(drop_bad_labels(manifest_of("regression"), amounts), 0);
  EXPECT_EQ(amounts[0], 3.5);
}

TEST(ServedQuality, RegressionIsMeasuredByItsOwnMetrics) {
  std::vector<double> predictions;
  std::vector<double> labels;
  for (int i = 0; i < 40; ++i) {
    predictions.push_back(i);
    labels.push_back(i + (i % 2 == 0 ? 3 : -1));
  }
  const MonitorWindow window = measure(rows_of(predictions, labels), {0, 40}, "regression");
  ASSERT_NE(find(window, "rmse"), nullptr);
  EXPECT_NEAR(find(window, "rmse")->value, std::sqrt(5.0), 1e-12);  // (9 + 1) / 2
  EXPECT_NEAR(find(window, "mae")->value, 2, 1e-12);
  EXPECT_EQ(find(window, "auc"), nullptr);
}

}  // namespace
}  // namespace millgate
