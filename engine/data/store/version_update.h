/// New versions of a table at the cost of what changed.
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/object_store.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// `parent` with `changes` done, whose columns are those of `parent`; it must have a key. The
/// changes become one delta; segments where changes gather are written anew. `parent` itself
/// when there are none.
///
/// Without `before` in the changes, the new version has no digests and no statistics until
/// `counted_version` finds them.
/// Errors: `damaged` when the changes do not fit the rows that must be read; `outside`.
[[nodiscard]] Result<TableVersion> apply_changes(ObjectStore& objects, const TableVersion& parent,
                                                 const Changes& changes);

/// The version that holds `rows` (sorted by `key`), found by one merge with the rows of `parent`:
/// what did not change is not written again. Columns may differ: a new one becomes an object
/// beside each segment, a missing one is dropped, a wider type is noted; a new one with the very
/// cells of a missing one is that one renamed (`proven_renames`). Another key, or a table without
/// one, is written from new. `parent` itself when nothing changed.
///
/// Memory holds a few segments and the changes.
/// Errors: as `write_table_version`; `damaged` for the parent's objects.
[[nodiscard]] Result<TableVersion> write_next_version(ObjectStore& objects,
                                                      const TableVersion& parent,
                                                      arrow::RecordBatchReader& rows,
                                                      const std::vector<std::string>& key);

/// `version` with digests and statistics, read from its rows unless it has them.
/// Errors: as `read_rows`.
[[nodiscard]] Result<TableVersion> counted_version(const ObjectStore& objects,
                                                   const TableVersion& version);

}  // namespace millgate
