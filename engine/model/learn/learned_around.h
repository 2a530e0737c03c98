/// What is learned around a learner's result, from rows that it was not fitted on. Inside the room.
#pragma once

#include <optional>
#include <vector>

#include "ground/error.h"
#include "model/artifact/calibration.h"
#include "model/artifact/uncertainty.h"
#include "model/learn/attempt.h"
#include "model/learn/trainer.h"

namespace millgate {

/// What the settings want learned from the calibration rows.
struct LearnedAround {
  std::optional<Calibration> calibration;
  std::optional<Uncertainty> uncertainty;
};

/// Nothing where the settings want nothing. Errors: as fit_calibration and fit_uncertainty.
[[nodiscard]] Result<LearnedAround> learn_around(const TrainRequest& request, const Attempt& made);

/// The probabilities as they are told; of several classes as many a row.
void calibrate(const std::optional<Calibration>& calibration, size_t class_count,
               std::vector<double>& predictions);

/// What decisions for classes earn, by which the model decides; empty: nobody said.
[[nodiscard]] std::vector<double> decides_by(const TrainRequest& request);

/// The threshold of the request, or the one that earns most on valid and calibration rows, or 0.5.
[[nodiscard]] double choose_threshold(const TrainRequest& request, const Attempt& made,
                                      const std::optional<Calibration>& calibration);

}  // namespace millgate
