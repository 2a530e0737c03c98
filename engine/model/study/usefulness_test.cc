#include "model/study/usefulness.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "ground/json.h"
#include "ground/random.h"
#include "model/learn/attempt.h"
#include "model/learn/made_rows.h"
#include "model/study/feature_columns.h"
#include "model/study/feature_overlap.h"
#include "model/study/permutation.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kDay = 86'400'000'000;
constexpr int64_t kRows = 6000;

/// Columns whose worth is known: `strong` and its copies decide the label, `noise` does not,
/// `answer` is the label, `fading` speaks in the first third of the rows only.
std::shared_ptr<arrow::Table> planted(bool with_answer) {
  Random random(7);
  std::vector<double> strong, copy, noise, answer, fading, label;
  std::vector<int64_t> times;
  for (int64_t i = 0; i < kRows; ++i) {
    strong.push_back(random.normal());
    copy.push_back(strong.back() * 3 + 1);
    noise.push_back(random.normal());
    const double then = random.normal();
    fading.push_back(then);
    const double z = 1.5 * strong.back() + (i < kRows / 3 ? 3 * then : 0);
    label.push_back(random.uniform() < 1 / (1 + std::exp(-z)) ? 1 : 0);
    answer.push_back(label.back() + 0.01 * random.normal());
    times.push_back(i * kDay / 20);
  }
  std::vector<MadeColumn> columns = {
      numbers_column("strong", strong),      numbers_column("copy", copy),
      numbers_column("noise", noise),        numbers_column("fading", fading),
      numbers_column(kLabelColumn, label),   times_column(kRowTimeColumn, times),
      times_column(kLabelKnownColumn, times)};
  if (with_answer) columns.push_back(numbers_column("answer", answer));
  return made_table(columns);
}

TrainRequest request_for(const std::vector<std::string>& features, bool with_answer = false) {
  TrainRequest request;
  request.joined = planted(with_answer);
  request.task.label = "label > 0.5";
  for (const std::string& name : features) request.features.push_back({name, name});
  return request;
}

const UsefulFeature& feature(const Usefulness& of, const std::string& name) {
  return *std::find_if(of.features.begin(), of.features.end(),
                       [&](const UsefulFeature& one) { return one.name == name; });
}

TEST(Usefulness, PlantedFeaturesGetTheirAdvice) {
  const auto found = feature_usefulness(request_for({"strong", "copy", "noise"}), {.trainings = 1});
  ASSERT_TRUE(found.ok()) << found.error().what;
  const UsefulFeature& noise = feature(*found, "noise");
  EXPECT_EQ(noise.advice, FeatureAdvice::drop) << noise.reason;
  EXPECT_NEAR(noise.alone, 0.5, 0.05);
  EXPECT_LT(noise.told_share, 0.05);
  // Of the two that are one, one stays.
  const auto advice = std::minmax(feature(*found, "strong").advice, feature(*found, "copy").advice);
  EXPECT_EQ(advice.first, FeatureAdvice::keep);
  EXPECT_EQ(advice.second, FeatureAdvice::redundant);
  EXPECT_NEAR(std::abs(feature(*found, "copy").rank_correlation), 1, 1e-12);
  EXPECT_LT(feature(*found, "copy").information_left, 0.002);
  ASSERT_EQ(found->groups.size(), 1);
  EXPECT_THAT(found->groups[0].features, ElementsAre("strong", "copy"));
  // Together they are needed, each alone is not.
  EXPECT_TRUE(found->groups[0].left_out->is_above_zero());
  EXPECT_FALSE(feature(*found, "copy").left_out->is_above_zero());
  EXPECT_GT(found->groups[0].left_out->value,
            5 * std::abs(feature(*found, "copy").left_out->value));
}

TEST(Usefulness, WhatSpeaksInOnePeriodOnlyIsTold) {
  const auto found =
      feature_usefulness(request_for({"strong", "fading"}), {.resamples = 50, .trainings = 1});
  ASSERT_TRUE(found.ok()) << found.error().what;
  const UsefulFeature& fading = feature(*found, "fading");
  EXPECT_THAT(fading.reason, HasSubstr("does not last")) << fading.reason;
  EXPECT_TRUE(fading.periods[0].is_clear);
  EXPECT_FALSE(fading.periods[5].is_clear);
  EXPECT_GT(fading.periods[0].information, 0.1);
  EXPECT_LT(fading.periods[5].information, 0.01);
}

TEST(Usefulness, AnAnswerInDisguiseIsSuspect) {
  const auto found = feature_usefulness(request_for({"strong", "answer", "noise"}, true), {});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->features[0].name, "answer");
  EXPECT_EQ(found->features[0].advice, FeatureAdvice::suspect);
  EXPECT_GT(found->features[0].alone, 0.99);
  EXPECT_THAT(found->features[0].reason, HasSubstr("known before the label"));
  EXPECT_NE(feature(*found, "strong").advice, FeatureAdvice::suspect);
}

/// Brute force: the columns dealt out anew, and trainings without them.
TEST(Usefulness, LossesAreThoseOfPermutingAndRetraining) {
  const TrainRequest request = request_for({"strong", "noise"});
  const UsefulnessOptions options{.metric = "auc", .repeats = 3, .resamples = 20};
  const auto found = feature_usefulness(request, options);
  ASSERT_TRUE(found.ok());
  const auto rows = read_training_rows(*request.joined);
  const auto split = split_rows(*request.joined, request.settings);
  const auto all = attempt(request, *rows, *split, {});
  const auto base = predictions_of(all->fitted, all->test);
  const double area = auc({.label = all->test.labels, .prediction = base}).value();
  EXPECT_NEAR(found->value, area, 1e-12);
  for (uint64_t repeat = 0; repeat < 3; ++repeat) {
    const auto order = permuted_rows(all->test.rows(), request.settings.seed, repeat);
    Examples moved = all->test;
    for (size_t i = 0; i < order.size(); ++i)
      moved.features[2 * i] = all->test.features[2 * order[i]];
    const auto predictions = predictions_of(all->fitted, moved);
    const double other = auc({.label = all->test.labels, .prediction = predictions}).value();
    EXPECT_NEAR(feature(*found, "strong").permuted->each[repeat], area - other, 1e-12);
  }
  TrainRequest without = request;
  without.features = {{"noise", "noise"}};
  const auto left = attempt(without, *rows, *split, {});
  const auto predictions = predictions_of(left->fitted, left->test);
  const double other = auc({.label = all->test.labels, .prediction = predictions}).value();
  EXPECT_NEAR(feature(*found, "strong").left_out->value, area - other, 1e-12);
}

TEST(Usefulness, TheOnlyFeatureIsHeldAgainstTheMeanLabel) {
  const auto found = feature_usefulness(request_for({"strong"}), {.metric = "auc"});
  ASSERT_TRUE(found.ok());
  EXPECT_NEAR(found->features[0].left_out->value, found->value - 0.5, 1e-12);
  EXPECT_EQ(found->features[0].nearest, "");
  EXPECT_EQ(found->features[0].advice, FeatureAdvice::keep);
  EXPECT_THAT(found->dropped, IsEmpty());
}

TEST(Usefulness, NumbersToPredictAreJudgedByTheirError) {
  TrainRequest request = request_for({"strong", "noise"});
  request.task.kind = TaskKind::regression;
  const auto found = feature_usefulness(request, {});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_EQ(found->metric, "rmse");
  EXPECT_GT(feature(*found, "strong").permuted->value, 0.02);
  EXPECT_LT(feature(*found, "noise").alone, 0.02);
}

TEST(Usefulness, WithoutTimesThereAreNoPeriods) {
  TrainRequest request = request_for({"strong", "noise"});
  request.settings.split_by = "random";
  const auto found = feature_usefulness(request, {.retrain = false});
  ASSERT_TRUE(found.ok()) << found.error().what;
  EXPECT_THAT(found->periods, IsEmpty());
  EXPECT_FALSE(feature(*found, "strong").left_out);
  EXPECT_EQ(feature(*found, "strong").advice, FeatureAdvice::keep);
}

TEST(Usefulness, SameFiguresEachTime) {
  const TrainRequest request = request_for({"strong", "copy", "noise"});
  auto first = to_json(feature_usefulness(request, {.resamples = 50}).value());
  auto second = to_json(feature_usefulness(request, {.resamples = 50}).value());
  for (auto* json : {&first, &second}) {
    for (auto& one : (*json)["features"]) one.erase("nanoseconds_per_row");
  }
  EXPECT_EQ(first.dump(), second.dump());
}

TEST(Usefulness, RefusesWhatHasNoAnswer) {
  EXPECT_FALSE(feature_usefulness(request_for({}), {}).ok());
  const auto metric = feature_usefulness(request_for({"strong"}), {.metric = "recall"});
  ASSERT_FALSE(metric.ok());
  EXPECT_THAT(metric.error().what, HasSubstr("recall"));
}

TEST(FeatureOverlap, GroupsAreTransitiveAndNearestSaysWhich) {
  Random random(3);
  Examples train;
  for (int i = 0; i < 4000; ++i) {
    const double a = random.normal();
    train.features.insert(train.features.end(), {a, a + 0.05 * random.normal(), random.normal(),
                                                 std::floor(3 * random.uniform())});
    train.labels.push_back(a > 0 ? 1 : 0);
  }
  const std::vector<FeatureColumns> columns = {{"a", {0}}, {"b", {1}}, {"c", {2}}, {"d", {3}}};
  const std::vector<bool> is_number = {true, true, true, false};
  std::vector<CodedColumn> codes;
  for (size_t i = 0; i < 4; ++i) {
    codes.push_back(FeatureParts(train, 4, columns[i], !is_number[i]).code(train, 4));
  }
  const FeatureOverlaps overlaps = feature_overlaps(train, 4, columns, is_number, codes);
  ASSERT_EQ(overlaps.groups.size(), 1);
  EXPECT_THAT(overlaps.groups[0], ElementsAre(0, 1));
  EXPECT_EQ(overlaps.features[1].nearest, 0);
  EXPECT_GT(overlaps.features[1].rank_correlation, 0.99);
  EXPECT_TRUE(std::isnan(overlaps.features[3].rank_correlation));
  EXPECT_GT(overlaps.features[0].information, 0.6);  // ln 2 is all.
}

/// A category that is a function of another, and a set of columns that say the same as a category.
TEST(FeatureOverlap, CategoriesAndColumnsTogether) {
  Random random(4);
  Examples train;
  for (int i = 0; i < 3000; ++i) {
    const auto group = static_cast<double>(random.below(3));
    train.features.insert(train.features.end(),
                          {group, group == 0 ? 1.0 : 0.0, group == 1 ? 1.0 : 0.0, random.normal()});
    train.labels.push_back(random.uniform() < 0.5 ? 1 : 0);
  }
  const std::vector<FeatureColumns> columns = {{"group", {0}}, {"hot", {1, 2}}, {"x", {3}}};
  std::vector<CodedColumn> codes;
  for (size_t i = 0; i < 3; ++i) {
    codes.push_back(FeatureParts(train, 4, columns[i], i == 0).code(train, 4));
  }
  const FeatureOverlaps overlaps = feature_overlaps(train, 4, columns, {false, false, true}, codes);
  EXPECT_GT(overlaps.features[1].told_share, 0.99);
  EXPECT_EQ(overlaps.features[1].nearest, 0);
  EXPECT_LT(overlaps.features[2].told_share, 0.01);
}

TEST(Permutation, EveryRepeatIsAnOrderOfAllRows) {
  auto order = permuted_rows(100, 5, 2);
  EXPECT_NE(order, permuted_rows(100, 5, 3));
  EXPECT_EQ(order, permuted_rows(100, 5, 2));
  std::sort(order.begin(), order.end());
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
}

}  // namespace
}  // namespace millgate
