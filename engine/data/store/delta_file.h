/// Changes of a table as one Parquet object. Format: docs/formats/table-version.md.
#pragma once

#include <string>
#include <vector>

#include "data/store/changes.h"
#include "data/store/segment_file.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// Writes `changes`, whose columns are those of `version` under their stored names.
/// Errors: `outside` when the disk refuses.
[[nodiscard]] Result<Delta> write_delta(ObjectStore& objects, const TableVersion& version,
                                        const Changes& changes);

/// The changes of `delta` with the columns that `version` has: a column that came later is
/// nowhere changed, one that is gone is left out, and with it the rows in which nothing else
/// changed; one that was widened is cast.
/// Errors: `not_found`, `damaged`.
[[nodiscard]] Result<Changes> read_delta(const ObjectStore& objects, const TableVersion& version,
                                         const Delta& delta);

/// The keys of all rows that any delta of the version is about, sorted, each once; also of those in
/// segments that hold the delta already. Errors: as of `read_delta`.
[[nodiscard]] Result<std::vector<std::string>> keys_in_deltas(const ObjectStore& objects,
                                                              const TableVersion& version);

}  // namespace millgate
