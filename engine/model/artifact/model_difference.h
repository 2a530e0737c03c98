/// In what two models differ, part by part.
#pragma once

#include <string>
#include <vector>

#include "data/store/object_store.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

struct ModelDifference {
  /// "manifest", "dependencies", "features", "model", "calibration", "uncertainty" or "profiles".
  std::string part;
  std::string what;  ///< The first place of the part, and both values: "/seed: 1, then 2".
};

/// One for each part that differs, in the order in which training makes them. Empty: the same
/// model. The values of parts that are no JSON are told by line.
/// Errors: `not_found`, `damaged`.
[[nodiscard]] Result<std::vector<ModelDifference>> model_differences(const ObjectStore& objects,
                                                                     const Id& before,
                                                                     const Id& after);

}  // namespace millgate
