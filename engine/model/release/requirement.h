/// A `[[requirement]]` of the project file.
#pragma once

#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"

namespace millgate {

enum class Bound { at_least, at_most };

/// "column=value": rows that have this value.
struct SliceCondition {
  std::string column;
  std::string value;
};

/// One stated requirement, for example "latency_ms_p99 is at most 20".
struct Requirement {
  std::string metric;  ///< A name from measure/metric.h; holds the unit.
  Bound bound = Bound::at_least;
  double limit = 0;     ///< A value equal to `limit` passes.
  /// "a=x", "a=x, b=y", or "by a", "by a, b" for gaps. Empty: all rows.
  std::string slice;
  std::vector<SliceCondition> where = {};  ///< Of a slice: all must hold.
  std::vector<std::string> by = {};        ///< Of a gap: groups share the values of these columns.
  std::string because;  ///< Why it is asked for; shown beside the verdict. May be empty.
  Section section;
};

/// Errors: `invalid_input` with the place: unknown metric (nearest name), both or no bound,
/// NaN, a gap without `by`, a slice that is no
/// condition, a column that is named twice.
[[nodiscard]] Result<Requirement> read_requirement(Section section);

}  // namespace millgate
