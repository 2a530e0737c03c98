/// Requirements on one class of several.
#pragma once

#include <string>
#include <vector>

#include "model/release/requirement.h"

namespace millgate {

/// Whether `requirement` is on a class against the rest: `slice = "class=NAME"` for one of
/// `classes`, which then is no condition on a column of that name.
[[nodiscard]] bool is_of_class(const Requirement& requirement,
                               const std::vector<std::string>& classes);

}  // namespace millgate
