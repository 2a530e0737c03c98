/// Two changes of one cell that has parts, put together. For merge_referee.cc.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "data/store/changes.h"
#include "ground/error.h"

namespace millgate {

/// A column of one cell: `base` with what `ours` and what `theirs` changed, members of structs by
/// their names and entries of maps by their keys, to any depth. A list is one value: an item has
/// no name but its place, and both sides may have moved it. Null when both changed one part
/// differently, or one of the three is null or has no parts. All three are of one type.
[[nodiscard]] Result<std::shared_ptr<arrow::Array>> merged_members(const Cell& base,
                                                                   const Cell& ours,
                                                                   const Cell& theirs);

}  // namespace millgate
