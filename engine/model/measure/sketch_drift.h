/// How far what a sketch counted lies from a profile.
#pragma once

#include "model/measure/category_sketch.h"
#include "model/measure/distribution.h"
#include "model/measure/number_sketch.h"

namespace millgate {

/// Effects as Drift has them, but both sides counted in the buckets of the sketch.
struct SketchDrift {
  double psi = 0;
  double ks = 0;
};

/// `psi` in bins that end with the buckets of the reference's deciles; `ks` at the ends of buckets,
/// where the sketch is exact: so never more than that of the numbers themselves, but for what the
/// profile of more than kProfileSteps distinct values leaves open. Zeros where a side is empty.
[[nodiscard]] SketchDrift drift_between(const Profile& reference, const NumberSketch& current);

/// By the reference's listed_categories, all others in one bin; `ks` is half the sum of the
/// differences of shares. Zeros where a side is empty.
[[nodiscard]] SketchDrift drift_between(const Profile& reference, const CategorySketch& current);

}  // namespace millgate
