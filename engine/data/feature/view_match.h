/// Which row of a view each row of a join is given.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "data/feature/asking_rows.h"
#include "data/feature/joined_view.h"
#include "data/query/database.h"
#include "ground/error.h"

namespace millgate {

/// Rows of a view that nobody is given any more are let go of when those that were kept take so
/// much.
inline constexpr int64_t kKeptBytesMax = 32LL << 20;

/// The columns of a view with times that a join wants, by their names in a join, one value for each
/// of the rows of `asked`. Null where there is no row to give: it is the one that happened last of
/// those that could be known then, unless it is older than the view's `max_age`. Of rows that
/// happened at one time the one known last; of those, the greatest in the order of its columns, so
/// that the result is always the same.
///
/// One pass over the view, whose rows need no order, and O(log(rows that ask of an entity)) a row
/// of it: each is put at the first row that could know of it, where the best one stays. In memory
/// are what was put there and a few batches, however large the view is. Errors: those of the
/// database.
[[nodiscard]] Result<std::shared_ptr<arrow::Table>> matched_columns(
    Database& database, const JoinedView& view, AskingRows& asked,
    int64_t kept_bytes_max = kKeptBytesMax);

}  // namespace millgate
