/// Single rows of a stream, written into the online store.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/online/online_store.h"
#include "ground/clock.h"
#include "ground/error.h"

namespace millgate {

/// What a push did, for its answer.
struct PushReport {
  int64_t row_count = 0;
  RowCounts counts;  ///< One for each row and version of the view.
};

/// Every stored version of view `name`, or the one of "name@digits": a model that was trained with
/// an older one reads what is pushed, too. Errors: `not_found` with the nearest name;
/// `invalid_input` for a view with a window or a key over what is no column of a pushed row.
[[nodiscard]] Result<std::vector<OnlineView>> pushable_versions(const OnlineStore& store,
                                                                std::string_view name);

/// One JSON object as a row of each of `versions`: the entity's columns, fields, and `happened` and
/// `known` as times where they are not columns of the view; without `known` it is `now`, without
/// `happened` it is `known`. A field that is left out is null.
/// Errors: `invalid_input` naming the column.
[[nodiscard]] Result<std::vector<KeyedRow>> pushed_rows(const std::vector<OnlineView>& versions,
                                                        std::string_view json, Time now);

/// {"view": "name", "rows": [{...}]}; all rows or none are written. Errors: as the two above, with
/// the row's number; those of the store.
[[nodiscard]] Result<PushReport> push_features(OnlineStore& store, std::string_view body, Time now,
                                               size_t rows_max);

}  // namespace millgate
