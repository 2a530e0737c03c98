/// Which rows something written in the project file is about.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

/// "column=value": rows that have this value.
struct SliceCondition {
  std::string column;
  std::string value;
};

/// The texts of `slice`, of which all must hold. Errors: `invalid_input` with the place: no
/// condition, a column that is named twice.
[[nodiscard]] Result<std::vector<SliceCondition>> read_conditions(
    const Section& section, const std::vector<std::string>& texts);

/// The columns of `by`. Errors: `invalid_input` with the place: a column that is named twice.
[[nodiscard]] Result<std::vector<std::string>> read_group_columns(Section& section);

}  // namespace millgate
