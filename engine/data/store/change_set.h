/// Rows to put into a table or to take out of it, without the rest of the table.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "data/store/changes.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// The column of a change set that says what each row is for: "upsert" or "delete".
inline constexpr const char* kChangeColumn = "_change";

/// Columns whose names begin so are notes for people: whoever reads a file drops them.
inline constexpr const char* kNotePrefix = "_note_";

/// What `rows` change in `version`, which must have a key. `rows` are sorted by it, and have its
/// columns and any others of the table with their types, and perhaps `_change`; without it, every
/// row is an upsert: a row whose key is there keeps the cells that `rows` have no column for, a
/// new one has null there.
///
/// Only the parts of the table that the keys fall into are looked at. When these are few, the
/// cells before are read, too; else only the keys are, and the changes are without `before`.
/// Errors: `invalid_input` for a delete whose row is not there, for another text in `_change`,
/// for a column that the table has not (nearest name); `not_found`, `damaged` for objects.
[[nodiscard]] Result<Changes> changes_from_rows(const ObjectStore& objects,
                                                const TableVersion& version,
                                                const arrow::RecordBatch& rows);

}  // namespace millgate
