/// Calibration and uncertainty, learned from rows that the model was not trained on.
#pragma once

#include <span>

#include "data/feature/task.h"
#include "ground/error.h"
#include "model/artifact/calibration.h"
#include "model/artifact/uncertainty.h"
#include "model/learn/train_settings.h"
#include "model/measure/quality.h"

namespace millgate {

/// Learns how `rows.prediction`, probabilities, must be changed to mean what they say.
///
/// isotonic: the rising step of least squares (pool adjacent violators), as scikit-learn's
/// IsotonicRegression. platt: slope and offset of the log-odds by maximum likelihood with Platt's
/// targets (Platt 1999), (positives + 1) / (positives + 2) and 1 / (negatives + 2), as scikit-learn
/// on the log-odds. temperature: the slope of maximum likelihood with offset 0 (Guo et al. 2017).
///
/// Errors: `invalid_input` for one class, and where probabilities do not rise with the label, so
/// that slope 0 were the best.
[[nodiscard]] Result<Calibration> fit_calibration(CalibrationMethod method, const Outcome& rows);

/// The slope by which calibrate_classes makes the labels of the rows most likely: temperature of
/// several classes (Guo et al. 2017, whose temperature is 1 / slope). `rows.prediction` has
/// `class_count` probabilities a row. Their log loss on these rows is never greater than before.
/// Errors: `invalid_input` where probabilities do not rise with the label.
[[nodiscard]] Result<Calibration> fit_class_temperature(const Outcome& rows, size_t class_count);

/// Learns what must surround predictions to hold the truth of a new row, exchangeable with these,
/// with the probability `settings.coverage` at least, and at most 1 / (rows + 1) more where no two
/// errors are equal: the limit is the ceil((rows + 1) * coverage)-th smallest error. The error is
/// |label - prediction| for `absolute`, and 1 - (probability of what happened) for `lac`; of
/// `lac_by_class` the rows of each class give its own limit. `rows.prediction` are the scorer's.
///
/// Errors: `invalid_input` at the place for a method of another kind of task, and when the rows are
/// too few for the coverage, with the figures.
[[nodiscard]] Result<Uncertainty> fit_uncertainty(const UncertaintySettings& settings,
                                                  TaskKind kind, const Outcome& rows);

}  // namespace millgate
