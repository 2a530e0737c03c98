/// Rows that ask, with what each view answers as of their times.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/feature/joined_view.h"
#include "data/feature/view_times.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// Every row of `task` (limited by `where`, SQL over its table) in the order of its key, with the
/// newest row of each view that could be known at the row's time and is not older than the view's
/// `max_age`. Columns: those of the task, those of each view by their names in a join, then row
/// time and label time as 64-bit microseconds. Errors: those of the database.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> joined_rows(
    Database& database, const ResolvedTask& task, const std::vector<JoinedView>& views,
    const std::string& where);

/// Facts without time must be one for each entity, or rows would multiply.
/// Errors: `invalid_input` at `entity` of the view.
[[nodiscard]] Status check_one_row_each(Database& database, const ResolvedView& view);

}  // namespace millgate
