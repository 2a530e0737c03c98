/// What two runs did otherwise: data, features, settings, code, libraries.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/store/repository.h"
#include "ground/error.h"
#include "ground/id.h"

namespace millgate {

/// One thing that is not the same in both.
struct RunDifference {
  std::string what;  ///< "learner", "parameter `num_leaves`", "feature `wind`", "library lightgbm".
  std::string before;  ///< Of the base; empty: it has none.
  std::string after;
};

/// A table whose rows are not the same.
struct RunTableChange {
  std::string table;
  bool added = false;    ///< Only the other run reads it.
  bool dropped = false;  ///< Only the base does.
  int64_t inserted_count = 0, updated_count = 0, removed_count = 0;
  /// Column -> rows in which it changed, in the order of columns.
  std::vector<std::pair<std::string, int64_t>> changed_cells = {};
  /// Also those of another type.
  std::vector<std::string> columns_added = {}, columns_removed = {};
};

/// All of it, in the order in which the steps read.
struct RunComparison {
  std::vector<RunTableChange> tables;
  std::vector<RunDifference> differences;
  [[nodiscard]] bool any() const { return !tables.empty() || !differences.empty(); }
};

/// What the newest runs of two models read otherwise; tables only where the join reads them.
/// Errors: `not_found` for a model that no run made; `damaged`.
[[nodiscard]] Result<RunComparison> compare_runs(const Repository& repository, const Id& base,
                                                 const Id& other);

}  // namespace millgate
