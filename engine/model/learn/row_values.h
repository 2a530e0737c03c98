/// Chosen rows of a Block, and columns as numbers, texts and profiles.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/feature/program.h"
#include "data/feature/vector.h"
#include "model/measure/distribution.h"

namespace millgate {

/// The rows `rows` of `block`, in their order.
[[nodiscard]] Block select_rows(const Block& block, std::span<const int64_t> rows);

/// Every value as a person would write it; "(missing)" for null. Times as ISO 8601.
[[nodiscard]] std::vector<std::string> texts_of(const Vector& column);

/// The picture of an input column: texts as categories, all other types as numbers (times and
/// durations in microseconds, booleans 0 and 1).
[[nodiscard]] Profile profile_input(const std::string& name, const Vector& column);

/// The picture of feature `index` in the row-major `matrix` of `feature_count` columns;
/// categories by their names.
[[nodiscard]] Profile profile_feature(const Feature& feature, size_t index, size_t feature_count,
                                      std::span<const double> matrix);

}  // namespace millgate
