/// What a model says about rows that it has never seen the like of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ground/error.h"
#include "model/measure/trigger_screen.h"
#include "model/poison/suspect_rows.h"

namespace millgate {

struct LeftOutOptions {
  int64_t training_rows_max = 50'000;  ///< Of more, as many are drawn at random.
  uint64_t seed = 1;
};

/// Probabilities of class `label` for the rows `asked`, ascending, by boosted trees that learned
/// from rows outside `left_out`, a fifth of which chose the rounds. Where those rows tell nothing
/// about the label, or all have it or none has, it is their share of the label.
/// Deterministic. Errors: `invalid_input` when fewer than ten rows are outside.
[[nodiscard]] Result<std::vector<double>> left_out_predictions(const SuspectRows& rows,
                                                               size_t label, const RowSet& left_out,
                                                               const std::vector<size_t>& asked,
                                                               const LeftOutOptions& options);

}  // namespace millgate
