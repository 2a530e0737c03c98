/// The facts that a window of a view counted for one row.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/feature/join.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

struct TracedWindow {
  std::string name;  ///< `view.window`.
  std::string definition;
  int64_t fact_count = 0;
  std::vector<std::string> facts;  ///< The newest, newest first, as rows of the view.
};

/// Of the windows of `view` those that `columns` name (`view.window`), for the first row of
/// `joined`, which join_as_of gave; of each window at most `facts_max` facts. Facts whose argument
/// is null are told, too. Errors: as join_as_of.
[[nodiscard]] Result<std::vector<TracedWindow>> traced_windows(
    Database& database, const JoinPlan& plan, const View& view, const arrow::Table& joined,
    const std::vector<std::string>& columns, int64_t facts_max);

}  // namespace millgate
