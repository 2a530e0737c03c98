/// Windows of a view at the rows of a join.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "data/feature/view_times.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// The columns of `windows` (of this view), one value for each row of `rows`, which holds the
/// view's entity columns and `row_time` (microseconds, int64). A row without a time or with a
/// null in its entity has null everywhere.
/// Errors: `invalid_input` at the place of a window whose argument does not fit the view.
[[nodiscard]] Result<std::vector<std::shared_ptr<arrow::ChunkedArray>>> window_columns(
    Database& database, const ResolvedView& view, const std::vector<const Window*>& windows,
    const arrow::Table& rows, const std::string& row_time);

}  // namespace millgate
