/// Of models that tell several classes apart: what they decide, and how good they are at each
/// class.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ground/error.h"
#include "model/measure/evidence.h"
#include "model/measure/quality.h"

namespace millgate {

/// The class that a row is decided for, by its `probability` of each: that of the greatest expected
/// utility where `decide_by` says what decisions earn (as Utility::of_classes), else the most
/// probable one; of equal ones the first.
[[nodiscard]] size_t decided_class(std::span<const double> probability,
                                   std::span<const double> decide_by = {});
/// Of each row. `probability`: row-major, rows x classes.
[[nodiscard]] std::vector<size_t> decided_classes(std::span<const double> probability,
                                                  size_t class_count,
                                                  std::span<const double> decide_by = {});

/// How many rows of a class were decided for each class: a row of the confusion matrix.
struct ClassCount {
  std::string name;
  std::vector<int64_t> decided;  ///< One a class, in the order of the classes.
};
/// `rows` as measure_quality takes them with `class_count`.
[[nodiscard]] std::vector<ClassCount> class_counts(const Outcome& rows,
                                                   std::span<const std::string> class_names,
                                                   std::span<const double> decide_by = {});

/// `recall`, `precision`, `f1` of the decisions for each class, and `auc` and `calibration_error`
/// of its probability against the rest, as slice "class=NAME"; intervals as measure_quality. What
/// is not defined is left out. Errors: as measure_quality.
[[nodiscard]] Result<std::vector<Evidence>> measure_each_class(
    const Outcome& rows, std::span<const std::string> class_names, const MeasureOptions& options);

}  // namespace millgate
