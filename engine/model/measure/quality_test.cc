#include "model/measure/quality.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ground/random.h"
#include "model/measure/measured_rows.h"

namespace millgate {
namespace {

constexpr double kTiny = 1e-12;

// Expected values of this file, with i, p and y of measured_rows.h for n = 1000:
//   from sklearn import metrics as m
//   m.roc_auc_score(y, p); m.log_loss(y, np.clip(p, 1e-15, 1 - 1e-15)); m.brier_score_loss(y, p)
//   m.confusion_matrix(y, p >= .6)
// and without ties, o = np.argsort(p):
//   sum(abs(p[b].sum() - y[b].sum()) for b in np.array_split(o, 10)) / 1000
//   np.abs(np.bincount(np.arange(1000) * 7 // 1000, p[o] - y[o])).sum() / 1000

TEST(Quality, EqualsScikitLearn) {
  const MeasuredRows rows(1000);
  EXPECT_NEAR(*auc(rows.outcome()), 0.8279673118692475, kTiny);
  EXPECT_NEAR(*log_loss(rows.outcome()), 0.5075412282889561, kTiny);
  EXPECT_NEAR(*brier(rows.outcome()), 0.16932363394219124, kTiny);
  const Confusion counts = confusion(rows.outcome(), 0.6);
  EXPECT_EQ(counts.true_negative, 419);
  EXPECT_EQ(counts.false_positive, 82);
  EXPECT_EQ(counts.false_negative, 181);
  EXPECT_EQ(counts.true_positive, 318);
}

TEST(Quality, CalibrationErrorEqualsNumpy) {
  const MeasuredRows rows(1000, false);
  EXPECT_NEAR(*calibration_error(rows.outcome()), 0.006222993062438043, kTiny);
  EXPECT_NEAR(*calibration_error(rows.outcome(), 7), 0.008314172447968286, kTiny);
}

TEST(Quality, AucIsTheShareOfOrderedPairs) {
  const MeasuredRows rows(300);
  double won = 0;
  double pairs = 0;
  for (size_t i = 0; i < 300; ++i) {
    for (size_t j = 0; j < 300; ++j) {
      if (rows.label[i] < 0.5 || rows.label[j] > 0.5) continue;
      ++pairs;
      if (rows.prediction[i] > rows.prediction[j]) won += 1;
      if (rows.prediction[i] == rows.prediction[j]) won += 0.5;
    }
  }
  EXPECT_NEAR(*auc(rows.outcome()), won / pairs, kTiny);
}

TEST(Quality, NothingWhereItIsUndefined) {
  const std::vector<double> ones = {1, 1, 1};
  const std::vector<double> some = {0.2, 0.4, 0.9};
  EXPECT_FALSE(auc({ones, some}));
  EXPECT_TRUE(log_loss({ones, some}));
  EXPECT_FALSE(auc({}));
  EXPECT_FALSE(log_loss({}));
  EXPECT_FALSE(brier({}));
  EXPECT_FALSE(calibration_error({}));
  EXPECT_TRUE(calibration_curve({}).empty());
}

TEST(Quality, LogLossOfCertainMistakesIsFinite) {
  const std::vector<double> labels = {1, 0};
  const std::vector<double> wrong = {0, 1};
  // -ln 1e-15; the other side has the rounding of 1 - 1e-15.
  EXPECT_NEAR(*log_loss({labels, wrong}), 34.538776394910684, 0.03);
  const std::vector<double> right = {1, 0};
  EXPECT_NEAR(*log_loss({labels, right}), 0, 1e-14);
}

TEST(Quality, EqualPredictionsStayInOneCalibrationBin) {
  const std::vector<double> predictions(100, 0.25);
  std::vector<double> labels(100, 0);
  for (size_t i = 0; i < 30; ++i) labels[i] = 1;
  EXPECT_NEAR(*calibration_error({labels, predictions}), 0.05, kTiny);
  const auto curve = calibration_curve({labels, predictions});
  ASSERT_EQ(curve.size(), 1U);
  EXPECT_EQ(curve[0].row_count, 100);
  EXPECT_NEAR(curve[0].share_positive, 0.3, kTiny);
  EXPECT_NEAR(curve[0].mean_prediction, 0.25, kTiny);
}

TEST(Quality, OrderOfRowsDoesNotMatter) {
  const MeasuredRows rows(500);
  MeasuredRows turned = rows;
  std::reverse(turned.label.begin(), turned.label.end());
  std::reverse(turned.prediction.begin(), turned.prediction.end());
  EXPECT_NEAR(*auc(rows.outcome()), *auc(turned.outcome()), kTiny);
  EXPECT_NEAR(*calibration_error(rows.outcome()), *calibration_error(turned.outcome()), kTiny);
}

TEST(Quality, CalibrationCurveHoldsAllRows) {
  const MeasuredRows rows(997);
  int64_t sum = 0;
  double before = -1;
  for (const CalibrationBin& bin : calibration_curve(rows.outcome())) {
    EXPECT_GT(bin.mean_prediction, before);
    before = bin.mean_prediction;
    sum += bin.row_count;
  }
  EXPECT_EQ(sum, 997);
}

double earned(const Outcome& rows, double threshold, const Utility& utility) {
  const Confusion counts = confusion(rows, threshold);
  return utility.true_positive * static_cast<double>(counts.true_positive) +
         utility.false_positive * static_cast<double>(counts.false_positive) +
         utility.true_negative * static_cast<double>(counts.true_negative) +
         utility.false_negative * static_cast<double>(counts.false_negative);
}

TEST(BestThreshold, EarnsAsMuchAsAnyTriedByHand) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> labels;
    std::vector<double> predictions;
    for (int i = 0; i < 25; ++i) {
      labels.push_back(static_cast<double>(random.below(2)));
      predictions.push_back(static_cast<double>(random.below(11)) / 10);  // 0 and 1 included
    }
    const Outcome rows{labels, predictions};
    const Utility utility{.true_positive = random.normal(),
                          .false_positive = random.normal(),
                          .true_negative = random.normal(),
                          .false_negative = random.normal()};
    std::vector<double> tried = predictions;
    tried.push_back(0);
    tried.push_back(1);
    std::sort(tried.begin(), tried.end());
    double most = -1e9;
    double first = -1;
    for (double threshold : tried) {
      if (earned(rows, threshold, utility) <= most) continue;
      most = earned(rows, threshold, utility);
      first = threshold;
    }
    EXPECT_EQ(best_threshold(rows, utility), first) << "round " << round;
    for (int i = 0; i <= 1000; ++i) {
      EXPECT_LE(earned(rows, static_cast<double>(i) / 1000, utility), most + 1e-9);
    }
  }
}

TEST(BestThreshold, SaysAlwaysAndNever) {
  const std::vector<double> labels = {0, 1, 0, 1};
  const std::vector<double> predictions = {0.1, 0.2, 0.3, 0.4};
  const Outcome rows{labels, predictions};
  EXPECT_EQ(best_threshold(rows, {.true_positive = 10, .false_positive = -1}), 0.2);
  EXPECT_EQ(best_threshold(rows, {.true_positive = 1, .false_positive = 1}), 0);
  EXPECT_EQ(best_threshold(rows, {.true_positive = -1, .false_positive = -1}), 1);
  EXPECT_EQ(best_threshold({}, {}), 0.5);
}

}  // namespace
}  // namespace millgate
