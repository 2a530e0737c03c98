#include "model/learn/fit_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "ground/random.h"
#include "ground/settings.h"
#include "model/learn/made_rows.h"
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

/// Rows of four classes as in class_quality_test.cc, their probabilities to the power of 2.5 and
/// made to add up to 1: surer than they may be.
struct SureRows {
  std::vector<double> label, probability;
  SureRows() {
    for (uint64_t i = 0; i < 600; ++i) {
      std::array<double, 4> honest{}, sure{};
      double sum = 0, sure_sum = 0;
      for (uint64_t k = 0; k < 4; ++k) sum += honest[k] = 0.2 + std::pow(made(i, k), 2);
      double below = 0;
      size_t chosen = 3;
      for (size_t k = 0; k < 4; ++k) {
        below += honest[k] / sum;
        if (chosen == 3 && made(i, 9) < below) chosen = k;
        sure_sum += sure[k] = std::pow(honest[k] / sum, 2.5);
      }
      label.push_back(static_cast<double>(chosen));
      for (const double one : sure) probability.push_back(one / sure_sum);
    }
  }
  [[nodiscard]] Outcome outcome() const { return {label, probability}; }
};

/// scipy.optimize.minimize_scalar over s of the log loss of softmax(s * ln P): 0.4507505289.
TEST(FitCalibration, TemperatureOfClassesEqualsScipy) {
  const SureRows rows;
  const auto fitted = fit_class_temperature(rows.outcome(), 4);
  ASSERT_TRUE(fitted.ok()) << fitted.error().what;
  EXPECT_NEAR(fitted->slope, 0.45075052886592487, 1e-7);
  EXPECT_EQ(fitted->row_count, 600);
  std::vector<double> told(rows.probability.begin(), rows.probability.begin() + 4);
  calibrate_classes(*fitted, told);
  const double expected[] = {0.3695420652484175, 0.12937236143238562, 0.061870875922082236,
                             0.4392146973971148};
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(told[k], expected[k], 1e-7);

  // The log loss of the same rows falls, and a second time nothing is left to do.
  std::vector<double> all = rows.probability;
  double before = 0, after = 0;
  for (size_t i = 0; i < 600; ++i) {
    const auto row = std::span(all).subspan(4 * i, 4);
    before -= std::log(row[static_cast<size_t>(rows.label[i])]);
    calibrate_classes(*fitted, row);
    after -= std::log(row[static_cast<size_t>(rows.label[i])]);
  }
  EXPECT_NEAR(before / 600, 1.393893733355033, 1e-12);
  EXPECT_NEAR(after / 600, 1.2452393503020953, 1e-9);
  EXPECT_NEAR(fit_class_temperature({rows.label, all}, 4)->slope, 1, 1e-7);

  // Sure of what is false: no temperature helps.
  std::vector<double> wrong = rows.label;
  for (size_t i = 0; i < 600; ++i) {
    const auto row = std::span(rows.probability).subspan(4 * i, 4);
    wrong[i] = static_cast<double>(std::min_element(row.begin(), row.end()) - row.begin());
  }
  EXPECT_THAT(fit_class_temperature({wrong, rows.probability}, 4).error().what,
              testing::HasSubstr("do not rise with the label"));
}

TEST(FitCalibration, ProbabilitiesOfClassesAtTheEdgesStayProbabilities) {
  Calibration calibration;
  calibration.method = CalibrationMethod::temperature;
  calibration.slope = 40;
  std::vector<double> row = {1, 0, 0};
  calibrate_classes(calibration, row);
  EXPECT_EQ(row, (std::vector<double>{1, 0, 0}));
  row = {0, 0, 0};
  calibrate_classes(calibration, row);
  EXPECT_DOUBLE_EQ(row[0], 1.0 / 3);
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
