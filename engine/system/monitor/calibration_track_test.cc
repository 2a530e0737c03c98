#include "system/monitor/calibration_track.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "ground/random.h"
#include "model/measure/quality.h"

namespace millgate {
namespace {

double logistic(double value) { return 1 / (1 + std::exp(-value)); }

/// The rows that scikit-learn was given for the figures below.
struct KnownRows {
  std::vector<double> probability, label, weight;
  KnownRows() {
    constexpr int kCount = 400;
    for (int i = 0; i < kCount; ++i) {
      const double p = 0.05 + 0.9 * ((i * 37) % kCount) / kCount;
      const double bar = logistic(-0.4 + 0.7 * std::log(p / (1 - p)));
      probability.push_back(p);
      label.push_back(static_cast<double>((i * 101) % kCount) / kCount < bar ? 1 : 0);
      weight.push_back(1 + i % 3);
    }
  }
};

/// LogisticRegression(C=inf) of scikit-learn 1.9, covariance H^-1 G H^-1 in NumPy.
TEST(CalibrationCurve, IsThatOfScikitLearn) {
  const KnownRows rows;
  const auto curve = fit_curve({rows.probability, rows.label, {}});
  ASSERT_TRUE(curve.has_value());
  EXPECT_NEAR(curve->offset, -0.37858272, 1e-4);
  EXPECT_NEAR(curve->slope, 0.68251368, 1e-4);
  EXPECT_NEAR(curve->covariance[0], 0.012352369, 1e-5);
  EXPECT_NEAR(curve->covariance[1], -0.001464309, 1e-5);
  EXPECT_NEAR(curve->covariance[2], 0.009152377, 1e-5);
  const auto weighted = fit_curve({rows.probability, rows.label, rows.weight});
  ASSERT_TRUE(weighted.has_value());
  EXPECT_NEAR(weighted->offset, -0.36365639, 1e-4);
  EXPECT_NEAR(weighted->slope, 0.66471798, 1e-4);
  EXPECT_NEAR(weighted->covariance[0], 0.014483976, 1e-5);
  EXPECT_NEAR(weighted->covariance[1], -0.002049922, 1e-5);
  EXPECT_NEAR(weighted->covariance[2], 0.010778448, 1e-5);
}

TEST(CalibrationCurve, NeedsRowsOfBothClasses) {
  const std::vector<double> few(kCurveRowsMin - 1, 0.5);
  EXPECT_FALSE(fit_curve({few, few, {}}).has_value());
  const std::vector<double> half(500, 0.5);
  const std::vector<double> all(500, 1.0);
  EXPECT_FALSE(fit_curve({half, all, {}}).has_value());
}

/// One probability for all rows has no slope to learn, and is no reason to fail.
TEST(CalibrationCurve, EqualProbabilitiesKeepTheirSlope) {
  std::vector<double> same(400, 0.3);
  std::vector<double> label(400, 0.0);
  std::fill_n(label.begin(), 200, 1.0);
  const auto curve = fit_curve({same, label, {}});
  ASSERT_TRUE(curve.has_value());
  EXPECT_NEAR(curve->chance(0.3), 0.5, 0.01);
}

CalibrationCurve drawn(Random& random, double offset, double spread) {
  CalibrationCurve curve{.offset = offset + spread * random.normal(),
                         .slope = 0.9 + spread * random.normal(),
                         .row_count = 2000};
  // Sampling error of 2,000 rows or so.
  curve.covariance = {0.003, 0, 0.003};
  curve.offset += std::sqrt(0.003) * random.normal();
  curve.slope += std::sqrt(0.003) * random.normal();
  return curve;
}

/// 400 tracks of 12 curves that differ: the forecast must hold the next one's truth as often as
/// it says.
TEST(CalibrationTrack, TheForecastHoldsTheNextCurve) {
  Random random(7);
  int held = 0;
  int changes = 0;
  constexpr int kTracks = 400;
  for (int at = 0; at < kTracks; ++at) {
    CalibrationTrack track;
    for (int stretch = 0; stretch < 12; ++stretch) track.learn(drawn(random, -0.2, 0.15));
    changes += track.has_changed() ? 1 : 0;
    const auto forecast = track.forecast();
    const double truth = -0.2 + 0.15 * random.normal();
    held += std::abs(truth - forecast->offset) < 1.96 * std::sqrt(forecast->covariance[0]) ? 1 : 0;
  }
  EXPECT_GE(held, kTracks * 92 / 100);
  EXPECT_LE(held, kTracks * 99 / 100) << "the interval is wider than it need be";
  EXPECT_LE(changes, kTracks * 3 / 100) << "11 chances of 0.001 each";
}

TEST(CalibrationTrack, AChangeIsSeenAndForgetsWhatWasBefore) {
  Random random(8);
  CalibrationTrack track;
  for (int stretch = 0; stretch < 10; ++stretch) track.learn(drawn(random, -0.2, 0.05));
  EXPECT_FALSE(track.has_changed());
  EXPECT_EQ(track.count(), 10U);
  track.learn(drawn(random, 1.5, 0.05));
  EXPECT_TRUE(track.has_changed());
  EXPECT_EQ(track.count(), 1U);
  EXPECT_LT(track.newest_p_value(), 0.001);
  track.learn(drawn(random, 1.5, 0.05));
  EXPECT_EQ(track.count(), 2U);
  EXPECT_NEAR(track.forecast()->offset, 1.5, 0.2);
}

/// Labels drawn from the curve and measured by measure_quality's own functions.
TEST(ExpectedMetrics, AreThoseOfDrawnLabels) {
  Random random(9);
  constexpr size_t kRows = 20'000;
  std::vector<double> probability(kRows);
  for (double& p : probability) p = 0.02 + 0.9 * random.uniform() * random.uniform();
  const CalibrationCurve curve{.offset = -0.3, .slope = 0.8, .row_count = 1};
  std::map<std::string, double> sums;
  std::map<std::string, double> squares;
  constexpr int kDraws = 60;
  std::vector<double> label(kRows);
  for (int draw = 0; draw < kDraws; ++draw) {
    for (size_t row = 0; row < kRows; ++row) {
      label[row] = random.uniform() < curve.chance(probability[row]) ? 1 : 0;
    }
    const Outcome rows{label, probability};
    const Confusion counts = confusion(rows, 0.3);
    const auto share = [](int64_t part, int64_t rest) {
      return static_cast<double>(part) / static_cast<double>(part + rest);
    };
    const std::map<std::string, double> measured = {
        {"auc", *auc(rows)},
        {"log_loss", *log_loss(rows)},
        {"brier", *brier(rows)},
        {"accuracy", static_cast<double>(counts.true_positive + counts.true_negative) / kRows},
        {"precision", share(counts.true_positive, counts.false_positive)},
        {"recall", share(counts.true_positive, counts.false_negative)}};
    for (const auto& [metric, value] : measured) {
      sums[metric] += value;
      squares[metric] += value * value;
    }
  }
  const auto expected = expected_metrics(curve, probability, 0.3, 1);
  ASSERT_EQ(expected.size(), 6U);
  for (const ExpectedMetric& one : expected) {
    SCOPED_TRACE(one.metric);
    const double mean = sums.at(one.metric) / kDraws;
    const double spread = std::sqrt(squares.at(one.metric) / kDraws - mean * mean);
    EXPECT_NEAR(one.value, mean, 0.003);
    // The curve is known here, so that the interval is the chance of the labels alone.
    EXPECT_NEAR((one.upper - one.lower) / 3.92, spread, 0.35 * spread + 1e-4);
  }
}

TEST(ExpectedMetrics, AnUncertainCurveWidensTheInterval) {
  std::vector<double> probability(5000);
  for (size_t row = 0; row < probability.size(); ++row) {
    probability[row] = (static_cast<double>(row) + 0.5) / 5000;
  }
  CalibrationCurve curve{.row_count = 1};
  const auto sure = expected_metrics(curve, probability, 0.5, 1);
  curve.covariance = {0.04, 0, 0.04};
  const auto unsure = expected_metrics(curve, probability, 0.5, 1);
  EXPECT_GT(unsure[0].upper - unsure[0].lower, 2 * (sure[0].upper - sure[0].lower));
}

}  // namespace
}  // namespace millgate
