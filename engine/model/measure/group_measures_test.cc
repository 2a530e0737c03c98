#include "model/measure/group_measures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ground/random.h"
#include "model/measure/measured_rows.h"

namespace millgate {
namespace {

/// Three groups that share rows, one of them all, and one without rows.
std::vector<std::vector<uint32_t>> overlapping_groups(uint32_t rows) {
  std::vector<std::vector<uint32_t>> groups(4);
  for (uint32_t row = 0; row < rows; ++row) {
    groups[0].push_back(row);
    if (row % 3 == 0) groups[1].push_back(row);
    if (row % 3 != 1) groups[2].push_back(row);
  }
  return groups;
}

/// The slow and obvious way: each resample a list of rows, measured as rows are.
Measures drawn_by_hand(const Outcome& rows, const std::vector<uint32_t>& group, uint64_t number,
                       const MeasureOptions& options) {
  Random random = Random::stream(options.seed, "bootstrap", number);
  std::vector<uint32_t> counts(rows.label.size());
  for (size_t i = 0; i < counts.size(); ++i) ++counts[random.below(counts.size())];
  std::vector<double> label, prediction;
  for (const uint32_t row : group) {
    for (uint32_t copy = 0; copy < counts[row]; ++copy) {
      label.push_back(rows.label[row]);
      prediction.push_back(rows.prediction[row]);
    }
  }
  const Outcome drawn{label, prediction};
  const RankedRows ranked = arrange(drawn, rank_rows(drawn), options.regression);
  const std::vector<uint32_t> once(label.size(), 1);
  const WeightedRows all{.rows = ranked, .begin = 0, .end = ranked.size(), .weights = once};
  return options.regression ? measure_regression(all) : measure_binary(all, options);
}

void expect_equal(const Measures& ours, const Measures& theirs, const std::string& what) {
  for (size_t m = 0; m < kMeasureCount; ++m) {
    if (std::isnan(theirs[m])) {
      EXPECT_TRUE(std::isnan(ours[m])) << what << kMeasureNames[m];
    } else {
      EXPECT_NEAR(ours[m], theirs[m], 1e-12 * std::max(1.0, std::abs(theirs[m])))
          << what << kMeasureNames[m];
    }
  }
}

TEST(GroupMeasures, EqualResamplesMadeByHand) {
  const MeasuredRows rows(700);
  MeasureOptions options{.threshold = 0.6, .resamples = 37, .seed = 9};
  options.utility = Utility{.true_positive = 10, .false_positive = -3, .false_negative = -1};
  const auto groups = overlapping_groups(700);
  const GroupMeasures measured = measure_groups(rows.outcome(), groups, options);
  ASSERT_EQ(measured.resamples(), 37U);
  for (size_t r = 0; r < 37; ++r) {
    for (size_t g = 0; g < groups.size(); ++g) {
      expect_equal(measured.resampled[r * groups.size() + g],
                   drawn_by_hand(rows.outcome(), groups[g], r, options),
                   "resample " + std::to_string(r) + ", group " + std::to_string(g) + ": ");
    }
  }
}

TEST(GroupMeasures, EqualResamplesOfRegressionMadeByHand) {
  MeasuredRows rows(300);
  for (size_t i = 0; i < 300; ++i) rows.label[i] = 1000 + 3 * rows.prediction[i] + (i % 7) * 0.1;
  const MeasureOptions options{.resamples = 20, .regression = true};
  const auto groups = overlapping_groups(300);
  const GroupMeasures measured = measure_groups(rows.outcome(), groups, options);
  for (size_t r = 0; r < 20; ++r) {
    for (size_t g = 0; g < groups.size(); ++g) {
      expect_equal(measured.resampled[r * groups.size() + g],
                   drawn_by_hand(rows.outcome(), groups[g], r, options), "");
    }
  }
}

TEST(GroupMeasures, TwoModelsAreMeasuredOnTheSameDraws) {
  const MeasuredRows rows(400);
  std::vector<double> worse = rows.prediction;
  for (double& one : worse) one = 1 - one;  // Another order of rows.
  const auto groups = overlapping_groups(400);
  const MeasureOptions options{.resamples = 32};
  const GroupMeasures a = measure_groups(rows.outcome(), groups, options);
  const GroupMeasures b = measure_groups({rows.label, worse}, groups, options);
  for (size_t r = 0; r < 32; ++r) {
    EXPECT_NEAR(a.value(r, 0, Measure::auc), 1 - b.value(r, 0, Measure::auc), 1e-12);
  }
}

TEST(GroupMeasures, EqualScikitLearn) {
  const MeasuredRows rows(1000);  // Made alike in Python; see measured_rows.h.
  const auto groups = overlapping_groups(1000);
  const GroupMeasures measured =
      measure_groups(rows.outcome(), groups, {.threshold = 0.6, .resamples = 0});
  const auto value = [&](Measure measure) { return measured.value(0, measure); };
  // sklearn.metrics of (y, p) and of (y, p >= .6)
  EXPECT_NEAR(value(Measure::average_precision), 0.8224887701245465, 1e-12);
  EXPECT_NEAR(value(Measure::calibration_bias), -0.0039557482656095155, 1e-12);
  EXPECT_NEAR(value(Measure::log_loss_skill), 0.2677706741321868, 1e-12);
  EXPECT_NEAR(value(Measure::f1), 0.7074527252502781, 1e-12);
  EXPECT_NEAR(value(Measure::balanced_accuracy), 0.7368009472037889, 1e-12);
  EXPECT_NEAR(value(Measure::matthews), 0.4833669426440659, 1e-12);
  EXPECT_NEAR(value(Measure::kappa), 0.47378951580632245, 1e-12);
  EXPECT_NEAR(value(Measure::jaccard), 0.5473321858864028, 1e-12);
  EXPECT_NEAR(value(Measure::negative_predictive_value), 0.6983333333333334, 1e-12);
  EXPECT_NEAR(value(Measure::false_negative_rate), 0.36272545090180364, 1e-12);
}

}  // namespace
}  // namespace millgate
