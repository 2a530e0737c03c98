/// Features that would know what nobody could know when the question was asked.
#pragma once

#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/feature/program.h"
#include "ground/error.h"

namespace millgate {

/// A feature that reads a column of the task's table which is known only later.
struct Leak {
  std::string feature;
  std::string column;
  std::string reason;  ///< Why it is known only later.
  std::string hint;
};

/// Views are joined as of the time at which their rows could be known, so they cannot leak. The
/// columns of the task's own table can: they are there at once in every training row. They are
/// refused when the task says what it is asked with (`asked_with`) and they are not among that,
/// or when the source says by `known` that its rows are known only after they happened and the
/// task does not say what is known at once. Key, entity and time columns are always known.
[[nodiscard]] std::vector<Leak> find_leaks(const JoinPlan& plan, const FeatureProgram& program);

}  // namespace millgate
