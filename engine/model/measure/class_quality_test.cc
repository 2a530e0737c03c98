#include "model/measure/class_quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "model/measure/model_contest.h"
#include "model/measure/resampled_metric.h"
#include "model/measure/row_slice.h"
#include "model/measure/slice_search.h"

namespace millgate {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kTiny = 1e-12;
constexpr size_t kClasses = 4;

/// As `made` of model/learn/made_rows.h.
double made(uint64_t row, uint64_t column) {
  uint64_t z = (row * 16 + column + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/// Rows of four classes whose labels are drawn by their probabilities. In Python:
///   w = [.2 + made(i, k)**2 for k in range(4)]; P[i] = w / sum(w)
///   y[i] = the first k with made(i, 9) < P[i, 0] + ... + P[i, k], else 3
struct ClassRows {
  std::vector<double> label, probability;
  std::vector<std::string> names = {"ant", "bee", "cow", "dog"};

  explicit ClassRows(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      std::array<double, kClasses> weights{};
      double sum = 0;
      for (size_t k = 0; k < kClasses; ++k) sum += weights[k] = 0.2 + std::pow(made(i, k), 2);
      const double drawn = made(i, 9);
      double below = 0;
      size_t chosen = kClasses - 1;
      for (size_t k = 0; k < kClasses; ++k) {
        probability.push_back(weights[k] / sum);
        below += weights[k] / sum;
        if (drawn < below && chosen == kClasses - 1) chosen = k;
      }
      label.push_back(static_cast<double>(chosen));
    }
  }
  [[nodiscard]] Outcome outcome() const { return {label, probability}; }
};

MeasureOptions options_for(int resamples = 0) {
  MeasureOptions options;
  options.class_count = kClasses;
  options.resamples = resamples;
  options.data = "test";
  return options;
}

std::map<std::string, Evidence> by_name(const std::vector<Evidence>& evidence) {
  std::map<std::string, Evidence> all;
  for (const Evidence& one : evidence) {
    all[one.metric + (one.slice.empty() ? "" : " " + one.slice)] = one;
  }
  return all;
}

// from sklearn import metrics as m, for n = 600, d = P.argmax(1):
//   m.log_loss(y, P); ((P - np.eye(4)[y])**2).sum(1).mean(); m.accuracy_score(y, d)
//   m.top_k_accuracy_score(y, P, k=2); m.balanced_accuracy_score(y, d)
//   m.f1_score(y, d, average='macro'); m.cohen_kappa_score(y, d); m.matthews_corrcoef(y, d)
//   m.roc_auc_score(y, P, multi_class='ovr')
TEST(ClassQuality, EqualsScikitLearn) {
  const ClassRows rows(600);
  const auto measured = measure_quality(rows.outcome(), {}, options_for());
  ASSERT_TRUE(measured.ok()) << measured.error().what;
  const auto all = by_name(*measured);
  const std::map<std::string, double> expected = {
      {"log_loss", 1.2468548782821296},
      {"brier", 0.6786594464596927},
      {"accuracy", 0.43666666666666665},
      {"top_2_accuracy", 0.7033333333333334},
      {"top_3_accuracy", 0.8783333333333333},
      {"balanced_accuracy", 0.43650634842318414},
      {"macro_f1", 0.4367878664985091},
      {"kappa", 0.24877481395322998},
      {"matthews", 0.24893438432941623},
      {"macro_auc", 0.7007619547950042},
      {"log_loss_skill", 0.10038928279649739},
      {"calibration_error", 0.061198407787938024},
      {"macro_calibration_error", 0.038998481616300366}};
  for (const auto& [metric, value] : expected) {
    ASSERT_TRUE(all.contains(metric)) << metric;
    EXPECT_NEAR(all.at(metric).value, value, kTiny) << metric;
    EXPECT_EQ(all.at(metric).row_count, 600);
  }
  EXPECT_EQ(all.size(), expected.size());
}

// m.recall_score(y, d, average=None), and so on; m.roc_auc_score(y == k, P[:, k])
TEST(ClassQuality, EachClassEqualsScikitLearn) {
  const ClassRows rows(600);
  const auto measured = measure_each_class(rows.outcome(), rows.names, options_for(100));
  ASSERT_TRUE(measured.ok()) << measured.error().what;
  const auto all = by_name(*measured);
  EXPECT_NEAR(all.at("recall class=ant").value, 0.43448275862068964, kTiny);
  EXPECT_NEAR(all.at("precision class=bee").value, 0.4626865671641791, kTiny);
  EXPECT_NEAR(all.at("f1 class=cow").value, 0.4217252396166134, kTiny);
  EXPECT_NEAR(all.at("auc class=dog").value, 0.7239695281542894, kTiny);
  EXPECT_NEAR(all.at("calibration_error class=bee").value, 0.055808246481746336, kTiny);
  EXPECT_EQ(all.size(), 20U);
  for (const auto& [name, one] : all) {
    ASSERT_TRUE(one.lower && one.upper) << name;
    EXPECT_LE(*one.lower, one.value) << name;
    EXPECT_GE(*one.upper, one.value) << name;
    EXPECT_LT(*one.lower, *one.upper) << name;
  }
  const auto counts = class_counts(rows.outcome(), rows.names);
  ASSERT_EQ(counts.size(), kClasses);
  EXPECT_EQ(counts[1].name, "bee");
  EXPECT_THAT(counts[0].decided, ElementsAre(63, 20, 26, 36));
  EXPECT_THAT(counts[3].decided, ElementsAre(28, 24, 30, 71));
}

// U = [[10,-5,0,-8],[0,8,0,0],[-1,0,6,0],[0,0,-2.5,12]]; d = (P @ U.T).argmax(1)
//   1000 * U[d, y].mean(); m.accuracy_score(y, d); m.f1_score(y, d, average='macro')
TEST(ClassQuality, DecidesForWhatEarnsMost) {
  const ClassRows rows(600);
  MeasureOptions options = options_for();
  options.utility = Utility{.of_classes = {10, -5, 0, -8, 0, 8, 0, 0, -1, 0, 6, 0, 0, 0, -2.5, 12}};
  // Who decides for the most probable class earns less by the same measure.
  const auto plain = measure_quality(rows.outcome(), {}, options);
  ASSERT_TRUE(plain.ok()) << plain.error().what;
  EXPECT_NEAR(by_name(*plain).at("utility").value, 3235.8333333333335, 1e-9);
  options.decide_by = options.utility->of_classes;
  const auto measured = measure_quality(rows.outcome(), {}, options);
  ASSERT_TRUE(measured.ok()) << measured.error().what;
  const auto all = by_name(*measured);
  EXPECT_NEAR(all.at("utility").value, 3580.0, 1e-9);
  EXPECT_NEAR(all.at("accuracy").value, 0.415, kTiny);
  EXPECT_NEAR(all.at("macro_f1").value, 0.3907917116847702, kTiny);
  EXPECT_NEAR(all.at("log_loss").value, 1.2468548782821296, kTiny) << "no matter of decisions";
  const auto each = measure_each_class(rows.outcome(), rows.names, options);
  EXPECT_NEAR(by_name(*each).at("recall class=ant").value, 0.18620689655172415, kTiny);
  // Of equal ones the first.
  EXPECT_EQ(decided_class(std::vector<double>{0.5, 0.5}, std::vector<double>{1, 0, 0, 1}), 0U);
  EXPECT_EQ(decided_class(std::vector<double>{0.9, 0.1}, std::vector<double>{-1, 0, -2, 100}), 1U);
}

/// The draws of a resample are those of the multinomial bootstrap, so the spread of a share is
/// known.
TEST(ClassQuality, IntervalsAreAsWideAsTheBinomialSays) {
  const ClassRows rows(2000);
  const auto all = by_name(*measure_quality(rows.outcome(), {}, options_for(1000)));
  for (const char* metric : {"accuracy", "top_2_accuracy"}) {
    const Evidence& one = all.at(metric);
    const double deviation = std::sqrt(one.value * (1 - one.value) / 2000);
    EXPECT_NEAR((*one.upper - *one.lower) / (2 * 1.96 * deviation), 1, 0.1) << metric;
  }
}

TEST(ClassQuality, OrderOfRowsDoesNotMatterAndSlicesAreMeasured) {
  const ClassRows rows(400);
  std::vector<std::string> group;
  for (size_t i = 0; i < 400; ++i) group.push_back(i % 4 == 0 ? "few" : "many");
  const auto straight = measure_quality(rows.outcome(), {{"g", group}}, options_for(50));
  ASSERT_TRUE(straight.ok());
  ClassRows turned(0);
  std::vector<std::string> turned_group;
  for (size_t i = 400; i-- > 0;) {
    turned.label.push_back(rows.label[i]);
    for (size_t k = 0; k < kClasses; ++k) {
      turned.probability.push_back(rows.probability[i * kClasses + k]);
    }
    turned_group.push_back(group[i]);
  }
  const auto back = measure_quality(turned.outcome(), {{"g", turned_group}}, options_for(50));
  const auto one = by_name(*straight);
  const auto other = by_name(*back);
  ASSERT_TRUE(one.contains("macro_auc g=few"));
  EXPECT_EQ(one.at("accuracy g=few").row_count, 100);
  ASSERT_EQ(one.size(), other.size());
  for (const auto& [name, evidence] : one) {
    EXPECT_NEAR(evidence.value, other.at(name).value, 1e-12) << name;
    EXPECT_NEAR(*evidence.lower, *other.at(name).lower, 1e-9) << name;
  }
}

TEST(ClassQuality, WhatIsNotDefinedIsLeftOut) {
  // Of three classes one is never met: it counts for no mean.
  const std::vector<double> label = {0, 0, 1, 1};
  const std::vector<double> probability = {0.7, 0.2, 0.1, 0.4, 0.5, 0.1,
                                           0.1, 0.8, 0.1, 0.3, 0.6, 0.1};
  MeasureOptions options = options_for();
  options.class_count = 3;
  const auto all = by_name(*measure_quality({label, probability}, {}, options));
  EXPECT_DOUBLE_EQ(all.at("balanced_accuracy").value, 0.75);
  EXPECT_DOUBLE_EQ(all.at("macro_auc").value, (0.75 + 1.0) / 2 + 0.125);
  EXPECT_FALSE(all.contains("top_3_accuracy"));
  const std::vector<std::string> names = {"a", "b", "c"};
  const auto each = by_name(*measure_each_class({label, probability}, names, options));
  EXPECT_FALSE(each.contains("recall class=c"));
  EXPECT_FALSE(each.contains("auc class=c"));
  // One class alone: nothing to rank, and no skill beyond its share.
  const std::vector<double> alone = {1, 1, 1, 1};
  const auto one = by_name(*measure_quality({alone, probability}, {}, options));
  EXPECT_FALSE(one.contains("macro_auc"));
  EXPECT_FALSE(one.contains("log_loss_skill"));
}

TEST(ClassQuality, WrongRowsAreTold) {
  const ClassRows rows(40);
  const auto fault = [&](const Outcome& outcome) {
    const auto measured = measure_quality(outcome, {}, options_for());
    return measured.ok() ? "" : measured.error().what;
  };
  EXPECT_THAT(fault({rows.label, std::span(rows.probability).first(80)}),
              HasSubstr("40 labels but 80 predictions"));
  ClassRows bad = rows;
  bad.label[3] = 4;
  EXPECT_THAT(fault(bad.outcome()), HasSubstr("label of row 3 is no class"));
  bad = rows;
  bad.label[3] = 0.5;
  EXPECT_THAT(fault(bad.outcome()), HasSubstr("no class"));
  bad = rows;
  bad.probability[8] += 0.1;
  EXPECT_THAT(fault(bad.outcome()), HasSubstr("row 2"));
  bad.probability[8] = std::nan("");
  EXPECT_THAT(fault(bad.outcome()), HasSubstr("row 2"));
}

/// What else works on rows knows classes too.
TEST(ClassQuality, SlicesContestsAndSearchesTakeClasses) {
  const ClassRows rows(600);
  std::vector<uint32_t> some;
  for (uint32_t i = 0; i < 600; i += 2) some.push_back(i);
  const auto slices = measure_slices(rows.outcome(), {{"half", some}}, options_for(100));
  ASSERT_TRUE(slices.ok());
  EXPECT_TRUE(by_name(slices->evidence).contains("macro_f1 half"));
  EXPECT_FALSE(by_name(slices->evidence).contains("recall half"));

  // Against one that always says the same, the accuracy of both is a count.
  std::vector<double> constant;
  for (size_t i = 0; i < 600; ++i) {
    constant.insert(constant.end(), {0.4, 0.2, 0.2, 0.2});
  }
  std::vector<uint32_t> numbers(600);
  for (uint32_t i = 0; i < 600; ++i) numbers[i] = i;
  const auto contest = ModelContest::hold(rows.label, {rows.probability}, {constant},
                                          {{"", numbers}}, options_for(500));
  ASSERT_TRUE(contest.ok()) << contest.error().what;
  const auto advantage = contest->advantage(0, "accuracy", 0.05);
  ASSERT_TRUE(advantage);
  EXPECT_NEAR(advantage->value, (262.0 - 145) / 600, kTiny);
  EXPECT_GT(advantage->lower, 0);
  EXPECT_FALSE(contest->advantage(0, "recall", 0.05));

  const std::vector<double> losses = row_losses(rows.outcome(), options_for());
  EXPECT_NEAR(losses[5],
              -std::log(rows.probability[5 * kClasses + static_cast<size_t>(rows.label[5])]),
              kTiny);
  const auto resampled = resample_metric(rows.outcome(), "log_loss", 200, 7, kClasses);
  ASSERT_TRUE(resampled.ok());
  EXPECT_NEAR(resampled->value, 1.2468548782821296, kTiny);
  EXPECT_EQ(resampled->in_bag.size(), 200U);
  EXPECT_FALSE(resample_metric(rows.outcome(), "auc", 10, 7, kClasses).ok());
}

}  // namespace
}  // namespace millgate
