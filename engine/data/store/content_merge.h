/// Versions of a table without a key, merged by the content of their rows. For table_merge.cc.
#pragma once

#include <vector>

#include "data/store/object_store.h"
#include "data/store/table_merge.h"
#include "data/store/table_version.h"
#include "ground/error.h"

namespace millgate {

/// Equal rows are told apart by their number alone. What a side took away since its base goes, what
/// it added comes behind the rows of ours; of equal rows that both added as many stay as the side
/// with more has. A row that both took away is a conflict: each may have put another in its place.
///
/// Costs the change: of segments that both have only the last of ours is read, which grows. Holds
/// the rows that the sides changed in memory. Errors: `conflict` for such a row, and when a side
/// has other columns than its base; `damaged`, `not_found`, `outside` for objects.
[[nodiscard]] Result<TableMerge> merge_by_content(ObjectStore& objects, const TableVersion& ours,
                                                  const std::vector<MergeSide>& sides);

}  // namespace millgate
