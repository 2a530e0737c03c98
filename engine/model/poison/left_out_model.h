/// What a model says about rows that it has never seen the like of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ground/error.h"
#include "model/artifact/ensemble.h"
#include "model/measure/trigger_screen.h"
#include "model/poison/suspect_rows.h"

namespace millgate {

struct LeftOutOptions {
  int64_t training_rows_max = 50'000;  ///< Of more, as many are drawn at random.
  uint64_t seed = 1;
};

/// Boosted trees that learned class `label` from rows outside `left_out`, a fifth of which chose
/// the rounds. Where those rows tell nothing about the label, or all have it or none has, it
/// predicts their share of the label. Deterministic; immutable; thread-safe.
class LeftOutModel {
 public:
  /// Errors: `invalid_input` when fewer than ten rows are outside.
  [[nodiscard]] static Result<LeftOutModel> fit(const SuspectRows& rows, size_t label,
                                                const RowSet& left_out,
                                                const LeftOutOptions& options);
  /// Probabilities for `features`, row-major as in SuspectRows.
  [[nodiscard]] std::vector<double> predict(std::span<const double> features) const;

 private:
  size_t width_ = 0;
  double share_ = 0;
  std::shared_ptr<const Scorer> scorer_;  ///< Null: the share.
};

/// Probabilities of class `label` for the rows `asked`, ascending, by LeftOutModel, with its
/// errors.
[[nodiscard]] Result<std::vector<double>> left_out_predictions(const SuspectRows& rows,
                                                               size_t label, const RowSet& left_out,
                                                               const std::vector<size_t>& asked,
                                                               const LeftOutOptions& options);

}  // namespace millgate
