/// Rows of the task's table joined with the views as of each row's time.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/feature/task.h"
#include "data/feature/vector.h"
#include "data/query/database.h"
#include "data/table/source.h"
#include "ground/error.h"

namespace millgate {

/// Names of the columns that `join_as_of` adds.
inline constexpr const char* kRowTimeColumn = "row_time";        ///< timestamp[us, UTC]
inline constexpr const char* kLabelColumn = "label";             ///< double, null: unknown
inline constexpr const char* kLabelKnownColumn = "label_known";  ///< timestamp[us, UTC]
inline constexpr const char* kQueryColumn = "row_query";         ///< int64, of ranking tasks alone:
                                                                 ///< equal for rows of one group
/// Whether `join_as_of` adds it, so that no feature may read it.
[[nodiscard]] bool is_added_column(const std::string& name);

/// Everything a join needs to know.
struct JoinPlan {
  Task task;
  std::vector<View> views;
  std::vector<Source> sources;
};

/// The columns that features may read: those of the task's table and `view.column`. The tables
/// must be in `database`. Errors: `invalid_input` at the place of a bad view.
[[nodiscard]] Result<std::vector<Field>> joinable_fields(Database& database, const JoinPlan& plan);

/// Joins every row of the task's table with the newest row of each view that could be known at
/// the row's time and is not older than the view's `max_age`. Every row is kept, in key order;
/// what has no match is null. Columns: all of the task's table, `view.column` for `columns` that
/// name one, and those above. Rows are limited by `where` (SQL over the table) when given.
///
/// A view row that becomes known after a newer one was known is never used: "newest" is by
/// `happened`, ties by the later `known`.
/// Errors: `invalid_input` at the place in the project file.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> join_as_of(
    Database& database, const JoinPlan& plan, const std::vector<std::string>& columns,
    const std::string& where = {});

}  // namespace millgate
