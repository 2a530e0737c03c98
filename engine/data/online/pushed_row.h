/// One row of a stream as an online store takes it.
#pragma once

#include <string>

#include "data/feature/vector.h"
#include "data/online/online_row.h"
#include "data/online/online_view.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// What a pushed row says: the columns of the view, without its windows.
[[nodiscard]] std::vector<Field> pushed_fields(const OnlineView& view);

/// Whether the columns say all that the view's windows and key take of a fact.
/// Errors: `invalid_input` naming the window or the column.
[[nodiscard]] Status check_pushable(const OnlineView& view);

/// Row `row` of `values`, which are as `pushed_fields`; for a view with windows, a fact of them,
/// too. What `stamp` says was known after `now` takes no older facts away. `view` is pushable.
[[nodiscard]] std::string write_pushed_row(const OnlineView& view, const RowStamp& stamp,
                                           const Block& values, size_t row, Time now);

}  // namespace millgate
