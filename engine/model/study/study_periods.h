/// Training and held-out rows cut into periods. Inside the room: callers use usefulness.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/learn/attempt.h"
#include "model/study/usefulness.h"

namespace millgate {

struct PeriodRows {
  StudyPeriod period;
  std::vector<size_t> rows;  ///< Of the matrix of training or of test rows, ascending.
};

/// `count` periods of about as many training rows each, then as many of test rows; rows of one
/// moment stay together. Empty unless rows are split by time.
[[nodiscard]] std::vector<PeriodRows> study_periods(const TrainingRows& rows, const Split& split,
                                                    const TrainSettings& settings, int count);

}  // namespace millgate
