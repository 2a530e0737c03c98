/// One metric on bootstrap resamples of the rows, and on the rows that each of them left out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ground/error.h"
#include "model/measure/quality.h"

namespace millgate {

/// Whether `resample_metric` takes it, of two classes, of numbers or of rankings.
[[nodiscard]] bool can_be_resampled(std::string_view metric);

struct ResampledMetric {
  double value = 0;  ///< Over all rows; NaN where it is undefined, as for the AUC of one class.
  std::vector<double> in_bag;      ///< One a resample, NaN where it is undefined.
  std::vector<double> out_of_bag;  ///< Over the rows that were not drawn.
};

/// Each resample draws as many rows as there are, with replacement: by `seed` and the number of
/// rows, so that predictions of several models for the same rows are compared on the same
/// resamples. `metric` is one of those of `measure_quality` that need no threshold; of several
/// classes (`class_count` of them, else 0) `log_loss` or `brier`. Of a ranking's metric queries are
/// drawn, and not rows.
///
/// Errors: `invalid_input` for another metric, labels and predictions of different lengths or none.
[[nodiscard]] Result<ResampledMetric> resample_metric(const Outcome& rows, std::string_view metric,
                                                      int resamples, uint64_t seed,
                                                      size_t class_count = 0);

}  // namespace millgate
