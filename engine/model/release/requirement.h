/// A `[[requirement]]` of the project file.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

enum class Bound { at_least, at_most };

/// One stated requirement, for example "latency_ms_p99 is at most 20".
struct Requirement {
  std::string metric;  ///< A name from measure/metric.h; holds the unit.
  Bound bound = Bound::at_least;
  double limit = 0;     ///< A value equal to `limit` passes.
  std::string slice;    ///< "column=value", or "by column" for gaps. Empty: all rows.
  std::string because;  ///< Why it is asked for; shown beside the verdict. May be empty.
  Section section;
};

/// Errors: `invalid_input` with the place: unknown metric (nearest name), both or no bound,
/// NaN, a gap without `by`.
[[nodiscard]] Result<Requirement> read_requirement(Section section);

}  // namespace millgate
