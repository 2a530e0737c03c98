/// Columns that one version added, taken into another without a look at all rows. For
/// added_columns.cc.
#pragma once

#include <arrow/type_fwd.h>

#include <optional>

#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// `ours` with the columns `fields` of `theirs`, which it has not: each row that `theirs` has gets
/// its cell, others get null. Where both have a segment, what lies beside that of `theirs` is laid
/// beside ours; so it costs the segments that only one has and the rows in deltas.
///
/// Nothing when that cannot be done, and whoever asks must go through the rows: files of `ours`
/// hold another column of that name, deltas do not say what was before, or many segments differ.
/// Errors: `damaged`, `not_found`, `outside` for objects.
[[nodiscard]] Result<std::optional<TableVersion>> take_columns(ObjectStore& objects,
                                                               const TableVersion& ours,
                                                               const TableVersion& theirs,
                                                               const arrow::FieldVector& fields);

}  // namespace millgate
