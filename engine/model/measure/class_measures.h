/// The metrics of groups of rows that are told apart into several classes.
/// Inside the room: callers use group_measures.h and class_quality.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/measure/group_measures.h"

namespace millgate {

/// As measure_groups, for options with a `class_count`, from the same draws. Beside what every task
/// has: `balanced_accuracy` is the mean recall of the classes that occur; `macro_f1` the mean F1 of
/// those that occur as label or decision; `macro_auc` the mean AUC of each class against the rest,
/// of classes that occur beside others; `calibration_error` that of the decided class's
/// probability, `macro_calibration_error` the mean of those of each class's; `brier` is summed over
/// the classes (0 to 2); `utility` is what decisions earn per 1,000 rows. Decided is decided_class;
/// a label is among the k most probable, equal ones in their order.
[[nodiscard]] GroupMeasures measure_class_groups(const Outcome& rows,
                                                 std::span<const std::vector<uint32_t>> groups,
                                                 const MeasureOptions& options);

/// -ln p(label) of each row, and the squared differences of its probabilities and its label.
[[nodiscard]] std::vector<double> class_losses(const Outcome& rows, size_t classes);
[[nodiscard]] std::vector<double> class_squares(const Outcome& rows, size_t classes);

/// Rows by one event: a label of 0 or 1, and a probability.
struct ClassEvent {
  std::vector<double> label, prediction;
  [[nodiscard]] Outcome outcome() const { return {label, prediction}; }
};
/// That a row is of class `number` out of `classes`.
[[nodiscard]] ClassEvent class_against_rest(const Outcome& rows, size_t number, size_t classes);

}  // namespace millgate
