#include "model/learn/fit_calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ground/random.h"
#include "ground/settings.h"
#include "model/measure/measured_rows.h"

namespace millgate {
namespace {

/// Labels that fit p, and predictions q = 0.98 p^2 + 0.01 that do not. In Python as there, then
///   q = p * p * 0.98 + 0.01
struct SkewedRows : MeasuredRows {
  SkewedRows() : MeasuredRows(600) {
    for (double& p : prediction) p = p * p * 0.98 + 0.01;
  }
};

TEST(FitCalibration, IsotonicEqualsScikitLearn) {
  const SkewedRows rows;
  const auto made = fit_calibration(CalibrationMethod::isotonic, rows.outcome());
  ASSERT_TRUE(made.ok()) << made.error().what;
  EXPECT_EQ(fault_of(*made), "");
  EXPECT_EQ(made->row_count, 600);
  EXPECT_EQ(made->from.size(), 32U);
  // IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(q, y), scikit-learn 1.9.1.
  const std::vector<std::pair<double, double>> expected = {{0, 0},
                                                           {0.01, 0},
                                                           {0.05, 0.2647058823529412},
                                                           {0.1234, 0.2647058823529412},
                                                           {0.3, 0.5102040816326531},
                                                           {0.5, 0.7272727272727273},
                                                           {0.61, 0.8},
                                                           {0.8, 0.8441558441558441},
                                                           {0.97, 1},
                                                           {1, 1}};
  for (const auto& [from, to] : expected) EXPECT_NEAR(calibrated(*made, from), to, 1e-14) << from;
}

TEST(FitCalibration, PlattEqualsScikitLearn) {
  const SkewedRows rows;
  const auto made = fit_calibration(CalibrationMethod::platt, rows.outcome());
  ASSERT_TRUE(made.ok()) << made.error().what;
  // scikit-learn's _SigmoidCalibration on ln(q / (1 - q)): -a_ and -b_; SciPy's BFGS the same.
  EXPECT_NEAR(made->slope, 0.78591317, 2e-8);
  EXPECT_NEAR(made->offset, 0.89217793, 2e-8);
  EXPECT_NEAR(calibrated(*made, 0.3), 0.5563287114533919, 1e-8);
}

TEST(FitCalibration, TemperatureEqualsScikitLearn) {
  const SkewedRows rows;
  const auto made = fit_calibration(CalibrationMethod::temperature, rows.outcome());
  ASSERT_TRUE(made.ok()) << made.error().what;
  // scikit-learn's _TemperatureScaling, whose beta_ is of [-z, z] and so the half: 0.2691466747.
  EXPECT_NEAR(made->slope, 0.5382933475, 2e-8);
  EXPECT_EQ(made->offset, 0);
  EXPECT_DOUBLE_EQ(calibrated(*made, 0.5), 0.5);
}

TEST(FitCalibration, TheOrderOfRowsDoesNotMatterAndNeverTurnsRound) {
  SkewedRows rows;
  SkewedRows turned;
  std::reverse(turned.prediction.begin(), turned.prediction.end());
  std::reverse(turned.label.begin(), turned.label.end());
  for (const auto method :
       {CalibrationMethod::isotonic, CalibrationMethod::platt, CalibrationMethod::temperature}) {
    const auto one = fit_calibration(method, rows.outcome());
    const auto other = fit_calibration(method, turned.outcome());
    ASSERT_TRUE(one.ok() && other.ok());
    double before = 0;
    for (int i = 0; i <= 1000; ++i) {
      const double now = calibrated(*one, i / 1000.0);
      EXPECT_NEAR(now, calibrated(*other, i / 1000.0), 1e-9);
      EXPECT_GE(now, before);
      EXPECT_LE(now, 1);
      before = now;
    }
  }
}

TEST(FitCalibration, WhatCannotBeCalibratedIsTold) {
  const std::vector<double> ones{1, 1, 1};
  const std::vector<double> some{0.2, 0.5, 0.9};
  const auto one_class = fit_calibration(CalibrationMethod::platt, {ones, some});
  ASSERT_FALSE(one_class.ok());
  EXPECT_EQ(one_class.error().what, "the 3 calibration rows have one class only");
  SkewedRows wrong;
  for (double& label : wrong.label) label = 1 - label;
  for (const auto method : {CalibrationMethod::platt, CalibrationMethod::temperature}) {
    const auto made = fit_calibration(method, wrong.outcome());
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().what.find("do not rise with the label"), std::string::npos);
  }
  // Isotonic can: the best rising line is level.
  const auto level = fit_calibration(CalibrationMethod::isotonic, wrong.outcome());
  ASSERT_TRUE(level.ok());
  EXPECT_LT(calibrated(*level, 1) - calibrated(*level, 0), 0.2);
}

TEST(FitCalibration, OneScoreForAllRowsBecomesTheirShare) {
  const std::vector<double> labels{1, 0, 0, 0};
  const std::vector<double> same(4, 0.4);
  const auto isotonic = fit_calibration(CalibrationMethod::isotonic, {labels, same});
  ASSERT_TRUE(isotonic.ok());
  EXPECT_DOUBLE_EQ(calibrated(*isotonic, 0.7), 0.25);
  const auto platt = fit_calibration(CalibrationMethod::platt, {labels, same});
  ASSERT_TRUE(platt.ok()) << platt.error().what;
  // The mean of Platt's targets 2/3, 1/5, 1/5, 1/5.
  EXPECT_NEAR(calibrated(*platt, 0.4), (2.0 / 3 + 0.6) / 4, 1e-9);
}

UncertaintySettings wanted(double coverage, std::optional<UncertaintyMethod> method = {}) {
  UncertaintySettings settings;
  settings.coverage = coverage;
  settings.method = method;
  return settings;
}

TEST(FitUncertainty, SetsEqualBruteForce) {
  const SkewedRows rows;
  // In Python: e = np.where(y > 0, 1 - q, q); sorted(e)[ceil(601 * 0.9) - 1]
  const auto lac = fit_uncertainty(wanted(0.9), TaskKind::binary, rows.outcome());
  ASSERT_TRUE(lac.ok()) << lac.error().what;
  EXPECT_EQ(lac->method, UncertaintyMethod::lac);
  EXPECT_DOUBLE_EQ(lac->miss_true, 0.8177637830388741);
  EXPECT_DOUBLE_EQ(lac->miss_false, 0.8177637830388741);
  const auto by_class = fit_uncertainty(wanted(0.9, UncertaintyMethod::lac_by_class),
                                        TaskKind::binary, rows.outcome());
  ASSERT_TRUE(by_class.ok()) << by_class.error().what;
  EXPECT_DOUBLE_EQ(by_class->miss_true, 0.903943016321884);
  EXPECT_DOUBLE_EQ(by_class->miss_false, 0.4762965716873216);
}

TEST(FitUncertainty, IntervalsEqualBruteForce) {
  SkewedRows rows;
  for (double& label : rows.label) label *= 10;
  for (double& prediction : rows.prediction) prediction *= 3;
  const auto made = fit_uncertainty(wanted(0.8), TaskKind::regression, rows.outcome());
  ASSERT_TRUE(made.ok()) << made.error().what;
  EXPECT_EQ(made->method, UncertaintyMethod::absolute);
  EXPECT_DOUBLE_EQ(made->margin, 8.820196261397669);
}

/// The promise itself: over many draws, the chance that a new row is held is at least the coverage,
/// and at most 1 / (n + 1) more.
TEST(FitUncertainty, HoldsNewRowsAsOftenAsPromised) {
  constexpr int kDraws = 4000;
  constexpr size_t kRows = 39;
  Random random(7);
  for (const double coverage : {0.5, 0.9, 0.975}) {
    int held = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      std::vector<double> labels, predictions(kRows, 0);
      for (size_t i = 0; i < kRows; ++i) labels.push_back(std::exp(random.normal()));
      const auto made =
          fit_uncertainty(wanted(coverage), TaskKind::regression, {labels, predictions});
      ASSERT_TRUE(made.ok()) << made.error().what;
      if (std::exp(random.normal()) <= made->margin) ++held;
    }
    const double share = static_cast<double>(held) / kDraws;
    const double noise = 4 * std::sqrt(coverage * (1 - coverage) / kDraws);
    EXPECT_GE(share, coverage - noise);
    EXPECT_LE(share, coverage + 1.0 / (kRows + 1) + noise);
  }
}

TEST(FitUncertainty, TooFewRowsAreToldWithTheFigures) {
  const std::vector<double> labels(8, 1);
  const std::vector<double> predictions(8, 0.5);
  const auto made = fit_uncertainty(wanted(0.9), TaskKind::regression, {labels, predictions});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().what,
            "a coverage of 0.9 cannot be promised from 8 calibration rows: it needs 9 at least");
  const std::vector<double> nine(9, 1);
  EXPECT_TRUE(fit_uncertainty(wanted(0.9), TaskKind::regression, {nine, nine}).ok());
}

TEST(FitUncertainty, RefusesAMethodOfAnotherTask) {
  const std::vector<double> labels(40, 1);
  EXPECT_FALSE(
      fit_uncertainty(wanted(0.9, UncertaintyMethod::lac), TaskKind::regression, {labels, labels})
          .ok());
  EXPECT_FALSE(
      fit_uncertainty(wanted(0.9, UncertaintyMethod::absolute), TaskKind::binary, {labels, labels})
          .ok());
}

}  // namespace
}  // namespace millgate
