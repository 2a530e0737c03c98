/// A `[[requirement]]` of the project file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ground/error.h"
#include "ground/settings.h"
#include "model/artifact/disturbance.h"
#include "model/measure/simple_model.h"
#include "model/release/slice_condition.h"

namespace millgate {

enum class Bound {
  at_least,
  at_most,
  better_by,     ///< Than another, by more than the limit.
  not_worse_by,  ///< Than another, by the limit at most.
};
/// Whether two models, or one model twice, are held against each other on the same rows.
[[nodiscard]] constexpr bool is_comparison(Bound bound) {
  return bound == Bound::better_by || bound == Bound::not_worse_by;
}

/// What a failure means.
enum class Level {
  must,    ///< The model is refused.
  should,  ///< It is told.
};

/// One stated requirement, for example "latency_ms_p99 is at most 20".
struct Requirement {
  std::string metric;  ///< A name from measure/metric.h; holds the unit.
  Bound bound = Bound::at_least;
  double limit = 0;  ///< A value equal to `limit` passes; against what serves 0 or more.
  Level level = Level::must;
  /// "a=x", "a=x, b=y", or "by a", "by a, b" for gaps, of one class "class=x, by a"; "found": the
  /// worst of the slices that a search finds; then ", than linear", ", under noise", ", after 60d".
  /// Empty: all rows, as it is.
  std::string slice;
  std::vector<SliceCondition> where = {};  ///< Of a slice: all must hold.
  std::vector<std::string> by = {};        ///< Of a gap: groups share the values of these columns.
  std::optional<SimpleModel> than = {};    ///< What it is compared with; nothing: what serves.
  std::optional<Disturbance> under = {};   ///< What is done to the inputs first.
  int64_t after_micros = 0;                ///< Above 0: as if it had been trained so much earlier.
  std::string circumstance = {};           ///< Which of the three, as written: "than linear".
  std::string because;  ///< Why it is asked for; shown beside the verdict. May be empty.
  Section section;
};

/// What `slice` is for the slices that nobody declared.
inline constexpr const char* kFoundSlices = "found";

/// Errors: `invalid_input` with the place: unknown metric (nearest name), no bound or several,
/// NaN, a gap without `by`, a slice that is no
/// condition, a column that is named twice; `than`, `under` and `after` that do not go together
/// with the rest.
[[nodiscard]] Result<Requirement> read_requirement(Section section);

/// A comparison with what serves, and not with a simple model, or with the model itself when its
/// inputs are disturbed or it is older.
[[nodiscard]] bool is_against_serving(const Requirement& requirement);

/// "auc [plan=basic]".
[[nodiscard]] std::string name_of(const Requirement& requirement);

/// Adds `one` to a list that one gate asks for. Errors: `invalid_input` with the place when it is
/// there, or when no value can meet it and one of the list.
[[nodiscard]] Status add_requirement(std::vector<Requirement>& list, Requirement one);

}  // namespace millgate
