/// How often predictions come true, from one stretch of labelled rows to the next; and what that
/// lets one expect of rows without labels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "system/monitor/expected_quality.h"

namespace millgate {

/// P(yes) = logistic(offset + slope * logit(probability told)): 0 and 1 when it comes true as
/// often as it says (Platt 2000; Cox 1958).
struct CalibrationCurve {
  double offset = 0, slope = 1;
  /// Of the two by sampling, robust against what is not logistic: of offset, of both, of slope.
  std::array<double, 3> covariance = {0, 0, 0};
  int64_t row_count = 0;

  [[nodiscard]] double chance(double probability) const;
};

/// Labelled rows, all spans of one length.
struct CalibrationRows {
  std::span<const double> probability;
  std::span<const double> label;   ///< 0 or 1.
  std::span<const double> weight;  ///< Empty: each 1.
};

/// Fewer rows, or fewer of one class, say nothing about a curve.
inline constexpr size_t kCurveRowsMin = 100;
inline constexpr size_t kCurveClassMin = 10;

/// By Newton's method. Nothing with too few rows, or where it does not converge.
[[nodiscard]] std::optional<CalibrationCurve> fit_curve(const CalibrationRows& rows);

/// The curves of stretches of time, the oldest first, and a forecast of the next one.
///
/// The next curve is taken to be drawn from where the others came from: normal around their mean,
/// in which a curve counts half of one eight stretches younger, with the covariance *between*
/// stretches (that of the curves less what sampling explains; DerSimonian and Laird 1986) beside
/// that of the mean. With few stretches the covariance between them is held up by a prior of 0.2
/// for both numbers that counts as two stretches.
class CalibrationTrack {
 public:
  /// A curve that the forecast before it held for next to impossible (p < 0.001) is a change: those
  /// before it are forgotten.
  void learn(const CalibrationCurve& curve);

  /// The forecast of the next curve; its covariance is that of the forecast. Nothing before the
  /// first curve.
  [[nodiscard]] std::optional<CalibrationCurve> forecast() const;

  /// Stretches since the last change, that with the change included.
  [[nodiscard]] size_t count() const { return curves_.size(); }
  [[nodiscard]] int64_t row_count() const;
  /// Whether a change was seen at all.
  [[nodiscard]] bool has_changed() const { return has_changed_; }
  /// How likely the newest curve was by the forecast before it; 1 without one.
  [[nodiscard]] double newest_p_value() const { return newest_p_value_; }

 private:
  std::vector<CalibrationCurve> curves_;
  bool has_changed_ = false;
  double newest_p_value_ = 1;
};

/// Quality of decisions at `threshold` over rows with these probabilities, if the curve is drawn
/// from `forecast`: auc, log_loss, brier, accuracy, precision and recall. The intervals hold the
/// chance of the curve (400 draws) and of as many labels as there are rows. From at most 1,000
/// evenly ranked probabilities; same seed, same numbers.
[[nodiscard]] std::vector<ExpectedMetric> expected_metrics(const CalibrationCurve& forecast,
                                                           std::span<const double> probability,
                                                           double threshold, uint64_t seed);

}  // namespace millgate
