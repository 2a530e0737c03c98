/// What a sketch tells of a column, as a profile that can be compared with another one.
#pragma once

#include <cstdint>

#include "model/measure/category_sketch.h"
#include "model/measure/distribution.h"
#include "model/measure/number_sketch.h"

namespace millgate {

/// Rows that have no value are `null_count`. Where in a bucket numbers lie is not known: they are
/// put where `reference` has its steps within the bucket, in the same shares, else in the middle.
/// So no difference is made up: `compare` finds what moves numbers from one bucket to another.
[[nodiscard]] Profile sketched_profile(const NumberSketch& numbers, int64_t null_count,
                                       const Profile& reference);
/// By name; texts that are not told by name are in `other_count`.
[[nodiscard]] Profile sketched_profile(const CategorySketch& categories, int64_t null_count,
                                       const Profile& reference);

}  // namespace millgate
